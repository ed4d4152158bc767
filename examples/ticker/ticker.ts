import { filter, type Observable, scan, switchMap } from 'rxjs';
import type { Ticker } from './gen/ticker/v1/ticker_duplex.js';

/** A price at an exchange. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
}

/** Serves the prices of a market. */
export function createTicker(quote$: Observable<Quote>) {
  return (session: Ticker.Session): Ticker.Handler => {
    const market = quote$.subscribe(({ symbol, price }) =>
      session.state.update(({ changes }) => ({ changes: changes + 1n, symbol, price })),
    );
    return {
      quotes: ({ symbol }) => quote$.pipe(filter((quote) => quote.symbol === symbol)),

      // What the client sends decides what it gets, from one change to the next.
      follow: (changes) =>
        changes.pipe(
          scan((followed, { change }) => {
            const next = new Set(followed);
            if (change?.$case === 'add') next.add(change.value);
            else if (change?.$case === 'remove') next.delete(change.value);
            return next;
          }, new Set<string>()),
          switchMap((followed) => quote$.pipe(filter(({ symbol }) => followed.has(symbol)))),
        ),

      [Symbol.dispose]: () => market.unsubscribe(),
    };
  };
}
