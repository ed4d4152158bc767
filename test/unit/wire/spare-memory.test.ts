import { describe, expect, it } from 'vitest';
import { SpareMemory } from '../../../src/wire/spare-memory.js';

const MIB = 1024 * 1024;

describe('spare memory', () => {
  it('is handed out again where it fits', () => {
    const spares = new SpareMemory();
    const memory = spares.take(1_000);
    spares.give(memory);
    expect(spares.take(900)).toBe(memory);
    expect(spares.take(900)).not.toBe(memory);
  });

  it('is not handed out where it is too small, or far too large', () => {
    const spares = new SpareMemory();
    for (const wanted of [1_001, 499]) {
      spares.give(new Uint8Array(1_000));
      expect(spares.take(wanted)).toHaveLength(wanted);
    }
  });

  it('never holds more than 4 MiB', () => {
    const spares = new SpareMemory();
    const given = Array.from({ length: 8 }, (): Uint8Array => new Uint8Array(MIB));
    for (const memory of given) spares.give(memory);
    const taken = given.map(() => spares.take(MIB));
    expect(taken.filter((memory) => given.includes(memory))).toHaveLength(4);
  });

  it('is let go by a session that rests, but for a small piece', () => {
    const spares = new SpareMemory();
    const [large, small] = [new Uint8Array(30_000), new Uint8Array(4_096)];
    spares.give(large);
    spares.rest();
    expect(spares.take(30_000)).not.toBe(large);
    spares.give(large);
    spares.give(small);
    spares.rest();
    expect(spares.take(4_096)).toBe(small);
    expect(spares.take(30_000)).not.toBe(large);
  });
});
