import { describe, expect, it } from 'vitest';
import { PendingSent, sent } from '../../../../src/calls/outgoing/sent.js';
import { DuplexError } from '../../../../src/errors.js';
import { settle } from '../../../support/virtual-clock.js';

const error = new DuplexError('lost', 'gone');

/** A call that waits to be sent, with the failures that nobody awaited. */
function waiting() {
  const unobserved: DuplexError[] = [];
  return { call: new PendingSent((failure) => unobserved.push(failure)), unobserved };
}

describe('a one-way call', () => {
  it('that was admitted at once is awaited without delay, and is one frozen object for all', async () => {
    expect(Object.isFrozen(sent)).toBe(true);
    await expect(sent).resolves.toBeUndefined();
    await expect(Promise.all([sent, sent])).resolves.toEqual([undefined, undefined]);
  });

  it('that waits settles for everybody who awaits it when it is admitted', async () => {
    const { call } = waiting();
    const both = Promise.all([call, call]);
    call.admitted();
    await expect(both).resolves.toEqual([undefined, undefined]);
    await expect(call).resolves.toBeUndefined();
  });

  it('that fails tells whoever awaits it, and nobody else', async () => {
    const { call, unobserved } = waiting();
    const awaited = expect(call).rejects.toBe(error);
    await Promise.resolve();
    call.failed(error);
    await awaited;
    await settle();
    expect(unobserved).toEqual([]);
  });

  it('that failed before it is awaited rejects all the same', async () => {
    const { call, unobserved } = waiting();
    call.failed(error);
    await expect(call).rejects.toBe(error);
    await settle();
    expect(unobserved).toEqual([]);
  });

  it('that fails and is left alone is reported once, and rejects nothing', async () => {
    const { call, unobserved } = waiting();
    call.failed(error);
    await settle();
    expect(unobserved).toEqual([error]);
  });

  it('that waited, failed and was left alone is reported once', async () => {
    const { call, unobserved } = waiting();
    await settle();
    call.failed(error);
    await settle();
    expect(unobserved).toEqual([error]);
  });

  it('that succeeds and is left alone is no news', async () => {
    const { call, unobserved } = waiting();
    call.admitted();
    await settle();
    expect(unobserved).toEqual([]);
  });
});
