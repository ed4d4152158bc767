import { describe, expect, it } from 'vitest';
import { contextOf, headersOf } from '../../../src/calls/context.js';
import { Context } from '../../../src/gen/duplex/v1/session.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('headers', () => {
  it('are read as they were written, under names in lower case', () => {
    const context = contextOf({ Tenant: 'acme', 'key-bin': Uint8Array.of(0, 255), empty: '' }, 0);
    const read = headersOf(Context.decode(Context.encode(context).finish()));
    expect([...read].map(([name, value]) => [name, typeof value === 'string' ? value : [...value]])).toEqual([
      ['tenant', 'acme'],
      ['key-bin', [0, 255]],
      ['empty', ''],
    ]);
  });

  it('under one name are joined if they are texts; of bytes the last count', () => {
    const headers = [
      { name: 'a', value: text('1') },
      { name: 'a', value: text('2') },
      { name: 'b-bin', value: Uint8Array.of(1) },
      { name: 'b-bin', value: Uint8Array.of(2) },
    ];
    const read = headersOf(Context.fromPartial({ headers }));
    expect(read.get('a')).toBe('1, 2');
    expect(read.get('b-bin')).toEqual(Uint8Array.of(2));
  });

  it('of names that objects have anyway are headers like others', () => {
    const read = headersOf(Context.fromPartial({ headers: [{ name: '__proto__', value: text('x') }] }));
    expect([...read]).toEqual([['__proto__', 'x']]);
    expect(headersOf(undefined).get('constructor')).toBeUndefined();
  });
});
