import { Code } from 'grpc-duplex';
import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { eachOf } from '../../../../src/calls/streams/each-of.js';
import { rejectionOf } from '../../../support/thrown-by.js';

describe('a loop over an observable', () => {
  it('leaves one that says everything at once and has no end, and throws after what had room', async () => {
    const endless$ = new Observable<number>((subscriber) => {
      for (let value = 0; !subscriber.closed; value++) subscriber.next(value);
    });
    const seen: number[] = [];
    const reading = async () => {
      for await (const value of eachOf(endless$)) seen.push(value);
    };
    expect(await rejectionOf(reading())).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(seen).toEqual(Array.from({ length: 1_024 }, (_, index) => index));
  });
});
