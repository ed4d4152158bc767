import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testLink } from 'grpc-duplex/testing';
import { createCalculator } from './calculator.js';
import { Calculator } from './gen/calculator/v1/calculator_duplex.js';

test('a result survives a lost connection', async () => {
  await using link = await testLink(Calculator, createCalculator, { service: { initialState: { equation: '0' } } });
  const results: number[] = [];
  link.client.callbacks.equals$.subscribe(({ result }) => results.push(result));

  link.client.service.addTo({ n: 100 });
  await link.settle();
  link.cut();
  link.client.service.divideBy({ n: 8 }); // waits for the connection
  await link.clock.advance(15_000);
  link.restore();
  await link.settle();

  assert.deepEqual(results, [100, 12.5]);
  assert.equal(link.client.state?.equation, '0 + 100 / 8');
});
