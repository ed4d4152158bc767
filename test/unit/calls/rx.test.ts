import * as rxjs from 'rxjs';
import { expect, test } from 'vitest';
import * as rx from '../../../src/calls/rx.js';

// Not named by `rxjs`: what `from` is without a scheduler.
const { innerFrom, ...pieces } = rx;
const whole = new Map<string, unknown>(Object.entries(rxjs));

test.each(Object.entries(pieces))('%s is the one that applications import', (name, piece) => {
  expect(piece).toBe(whole.get(name));
});

test('what innerFrom makes of a promise is an observable of the application', () => {
  expect(innerFrom(Promise.resolve(1))).toBeInstanceOf(rxjs.Observable);
});
