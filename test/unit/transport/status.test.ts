import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { errorFromStatus } from '../../../src/transport/grpc/status.js';

describe('a status that ended a stream', () => {
  it.each([
    ['UNAVAILABLE', Code.UNAVAILABLE, 'lost'],
    ['CANCELLED, which is what a server that is forced down gives', Code.CANCELLED, 'lost'],
    ['INTERNAL', Code.INTERNAL, 'lost'],
    ['UNKNOWN', Code.UNKNOWN, 'lost'],
    ['DEADLINE_EXCEEDED', Code.DEADLINE_EXCEEDED, 'timeout'],
    ['INVALID_ARGUMENT', Code.INVALID_ARGUMENT, 'protocol'],
    ['UNAUTHENTICATED', Code.UNAUTHENTICATED, 'refused'],
    ['PERMISSION_DENIED', Code.PERMISSION_DENIED, 'refused'],
    ['RESOURCE_EXHAUSTED', Code.RESOURCE_EXHAUSTED, 'refused'],
  ])('of %s keeps its code and says what it means', (_, code, kind) => {
    const error = errorFromStatus({ code, details: 'why' }, 'host:1');
    expect(error).toMatchObject({ kind, code, origin: 'remote', message: 'host:1: why' });
  });

  it('without a text is named by its code', () => {
    expect(errorFromStatus({ code: Code.UNAVAILABLE, details: '' }, 'host:1').message).toBe('host:1: UNAVAILABLE');
  });
});
