import { interval, map, type Observable, share } from 'rxjs';
import type { Quote } from './ticker.js';

/** A market that is never closed: every few milliseconds the price of one symbol changes a little. */
export function openMarket(symbols: readonly string[], everyMs: number): Observable<Quote> {
  const prices = symbols.map(() => 100);
  return interval(everyMs).pipe(
    map((tick) => {
      const index = tick % symbols.length;
      const price = Math.round(100 * (prices[index] ?? 100) * (0.99 + Math.random() / 50)) / 100;
      prices[index] = price;
      return { symbol: symbols[index] ?? '', price };
    }),
    share(),
  );
}
