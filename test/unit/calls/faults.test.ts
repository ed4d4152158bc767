import { describe, expect, it } from 'vitest';
import { errorFromFault, faultFrom } from '../../../src/calls/faults.js';
import { Code, DuplexError, Fault } from '../../../src/errors.js';
import { CallFault, Ping } from '../../../src/gen/duplex/v1/session.js';

const hiding = { includeErrorDetail: false, newErrorId: () => 'id-1' };
const showing = { ...hiding, includeErrorDetail: true };

describe('what a peer learns of an error', () => {
  it('is also whether the call ran, as far as the fault speaks of this call', () => {
    const told = (fault: Fault) =>
      errorFromFault(CallFault.decode(CallFault.encode(faultFrom(fault, hiding).fault).finish())).executed;
    expect(told(new Fault(Code.ABORTED, 'done'))).toBe('yes');
    expect(told(new Fault(Code.ABORTED, 'not now', [], { executed: 'no' }))).toBe('no');
    expect(told(new Fault(Code.ABORTED, 'from elsewhere', [], { executed: 'no', origin: 'remote' }))).toBe('yes');
  });

  it('is everything of a Fault', () => {
    const thrown = new Fault(Code.OUT_OF_RANGE, 'too far', [[Ping, { id: 4 }]]);
    const received = errorFromFault(CallFault.decode(CallFault.encode(faultFrom(thrown, hiding).fault).finish()));
    expect(received).toMatchObject({ kind: 'fault', code: Code.OUT_OF_RANGE, message: 'too far', origin: 'remote' });
    expect(received.detail(Ping)).toEqual({ id: 4 });
  });

  it.each([
    ['an Error', Object.assign(new Error('secret of /etc/passwd'), { code: 'ENOENT' })],
    ['a DuplexError that is no Fault', new DuplexError('lost', 'secret of another session')],
    ['a text', 'secret'],
    ['an object', { secret: 1 }],
    ['an object that has no text', Object.create(null)],
    ['nothing at all', undefined],
  ])('is an opaque id and nothing else for %s', (_, thrown: unknown) => {
    const { fault, error } = faultFrom(thrown, hiding);
    expect(fault).toEqual(
      CallFault.fromPartial({ code: Code.INTERNAL, message: 'internal error id-1', errorId: 'id-1' }),
    );
    expect(error).toMatchObject({ code: Code.INTERNAL, errorId: 'id-1' });
    expect(error.cause).toBe(thrown);
  });

  it('is its text as well where the switch says so, but never its stack', () => {
    const { fault } = faultFrom(new Error('division by zero'), showing);
    expect(fault).toMatchObject({ code: Code.INTERNAL, message: 'division by zero', errorId: 'id-1', details: [] });
  });
});

describe('a fault from a peer', () => {
  it.each([0, -1, 17, 999])('with the code %d, which is none, is UNKNOWN', (code) => {
    expect(errorFromFault(CallFault.fromPartial({ code })).code).toBe(Code.UNKNOWN);
  });

  it('brings the id under which the peer logged it, and when to try again', () => {
    const error = errorFromFault(CallFault.fromPartial({ code: 8, errorId: 'id-9', retryAfterMs: 250 }));
    expect(error).toMatchObject({ errorId: 'id-9', retryAfterMs: 250 });
    expect(errorFromFault(CallFault.fromPartial({ code: 8 }))).toMatchObject({
      errorId: undefined,
      retryAfterMs: undefined,
    });
  });
});
