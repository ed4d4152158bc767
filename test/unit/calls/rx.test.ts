import * as rxjs from 'rxjs';
import { expect, test } from 'vitest';
import * as rx from '../../../src/calls/rx.js';

const { interop, ...pieces } = rx;
const whole = new Map<string, unknown>(Object.entries(rxjs));

test.each(Object.entries({ ...pieces, observable: interop }))(
  '%s is the one that applications import',
  (name, piece) => {
    expect(piece).toBe(whole.get(name));
  },
);
