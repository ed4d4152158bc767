import { describe, expect, it } from 'vitest';
import { Code, DuplexError, type ErrorKind, Fault } from '../../src/errors.js';
import { Header, Ping } from '../../src/gen/duplex/v1/session.js';

describe('a DuplexError', () => {
  const codes: readonly (readonly [ErrorKind, Code])[] = [
    ['fault', Code.UNKNOWN],
    ['timeout', Code.DEADLINE_EXCEEDED],
    ['cancelled', Code.CANCELLED],
    ['closed', Code.FAILED_PRECONDITION],
    ['lost', Code.UNAVAILABLE],
    ['refused', Code.FAILED_PRECONDITION],
    ['unavailable', Code.UNAVAILABLE],
    ['protocol', Code.INVALID_ARGUMENT],
  ];

  it.each(codes)('of kind %s has a gRPC code of its own unless it is given another', (kind, code) => {
    expect(new DuplexError(kind, 'why')).toMatchObject({ kind, code, origin: 'local', executed: 'no' });
    expect(new DuplexError(kind, 'why', { code: Code.ABORTED }).code).toBe(Code.ABORTED);
  });

  it('stays itself when it is wrapped', () => {
    const error = new DuplexError('lost', 'gone');
    expect(DuplexError.from(error, 'fault')).toBe(error);
  });

  it.each([
    ['an Error', new TypeError('no'), 'no'],
    ['a text', 'no', 'no'],
    ['undefined', undefined, 'undefined'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), expect.any(String)],
  ])('wraps %s that was thrown', (_, thrown: unknown, message) => {
    const error = DuplexError.from(thrown, 'lost');
    expect(error).toMatchObject({ kind: 'lost', message });
    expect(error.cause).toBe(thrown);
    expect(error).toBeInstanceOf(Error);
  });
});

describe('a Fault', () => {
  const fault = new Fault(Code.NOT_FOUND, 'no such room', [
    [Header, { name: 'room' }],
    [Ping, { id: 7 }],
  ]);

  it('is a DuplexError that a handler throws', () => {
    expect(fault).toBeInstanceOf(DuplexError);
    expect(fault).toMatchObject({ name: 'Fault', kind: 'fault', code: Code.NOT_FOUND, executed: 'yes' });
  });

  it('gives its details by their type, decoded', () => {
    expect(fault.detail(Ping)).toEqual({ id: 7 });
    expect(fault.detail(Header)).toEqual({ name: 'room', value: new Uint8Array() });
  });

  it('has no detail of another type', () => {
    expect(new Fault(Code.NOT_FOUND, 'no', [[Ping, { id: 1 }]]).detail(Header)).toBeUndefined();
  });

  it('names the types of its details as google.protobuf.Any does', () => {
    expect(fault.details.map(({ typeUrl }) => typeUrl)).toEqual([
      'type.googleapis.com/duplex.v1.Header',
      'type.googleapis.com/duplex.v1.Ping',
    ]);
  });

  it('finds a detail under any prefix of its type', () => {
    const details = [{ typeUrl: 'example.com/types/duplex.v1.Ping', value: Ping.encode({ id: 3 }).finish() }];
    expect(new Fault(Code.NOT_FOUND, 'no', details).detail(Ping)).toEqual({ id: 3 });
  });
});
