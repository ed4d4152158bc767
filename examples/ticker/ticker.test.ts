import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testLink } from 'grpc-duplex/testing';
import { Subject } from 'rxjs';
import { Ticker } from './gen/ticker/v1/ticker_duplex.js';
import { createTicker, type Quote } from './ticker.js';

test('a client gets the prices of what it follows, and the newest state of the market', async () => {
  const market = new Subject<Quote>();
  await using link = await testLink(Ticker, createTicker(market));
  const changes = new Subject<{ change: { $case: 'add' | 'remove'; value: string } }>();
  const prices: string[] = [];
  link.client.service.follow(changes).subscribe(({ symbol, price }) => prices.push(`${symbol} ${price}`));
  const quote = async (symbol: string, price: number): Promise<void> => {
    await link.settle();
    market.next({ symbol, price });
    await link.settle();
  };

  await quote('ACME', 1);
  changes.next({ change: { $case: 'add', value: 'ACME' } });
  await quote('ACME', 2);
  await quote('GLOBEX', 3);
  changes.next({ change: { $case: 'add', value: 'GLOBEX' } });
  await quote('GLOBEX', 4);
  changes.next({ change: { $case: 'remove', value: 'ACME' } });
  await quote('ACME', 5);

  assert.deepEqual(prices, ['ACME 2', 'GLOBEX 4']);
  assert.deepEqual(link.client.state, { changes: 5n, symbol: 'ACME', price: 5 });
});

test('a ticker lets go of the market when its client has gone', async () => {
  const market = new Subject<Quote>();
  await using link = await testLink(Ticker, createTicker(market));
  link.client.service.quotes({ symbol: 'ACME' }).subscribe();
  await link.settle();
  assert.equal(market.observed, true);
  link.client.abort();
  await link.settle();
  assert.equal(market.observed, false);
});
