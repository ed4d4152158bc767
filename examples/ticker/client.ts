import { connect } from 'grpc-duplex';
import { lastValueFrom, Subject, share, skipWhile, take } from 'rxjs';
import type { FollowRequest } from './gen/ticker/v1/ticker.js';
import { Ticker } from './gen/ticker/v1/ticker_duplex.js';

await using ticker = connect(Ticker, process.argv[2] ?? 'localhost:50051');

// A loop asks for one price after another, and cancels the call when it is left.
let seen = 0;
for await (const { price } of ticker.service.quotes({ symbol: 'ACME' })) {
  console.log(`ACME ${price}`);
  if (++seen === 3) break;
}

// Both directions at once: what is followed changes while prices come in.
const change$ = new Subject<FollowRequest>();
const price$ = ticker.service.follow(change$).pipe(share());
const printing = price$.subscribe(({ symbol, price }) => console.log(`followed ${symbol} ${price}`));
change$.next({ change: { $case: 'add', value: 'GLOBEX' } });
change$.next({ change: { $case: 'add', value: 'INITECH' } });
await lastValueFrom(price$.pipe(take(6)));
change$.next({ change: { $case: 'remove', value: 'GLOBEX' } });
await lastValueFrom(
  price$.pipe(
    skipWhile(({ symbol }) => symbol === 'GLOBEX'),
    take(3),
  ),
);
printing.unsubscribe(); // nobody listens any more, so the call is cancelled

console.log(`the market changed ${ticker.state?.changes} times`);
