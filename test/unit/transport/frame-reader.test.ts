import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/transport/grpc/frame-reader.js';

/** A call that has so many frames already, and brings each within `startRead`. */
function readerOf(frames: number) {
  let left = frames;
  const taken: number[] = [];
  const source = {
    startRead() {
      if (left-- > 0) reader.take(Buffer.from([left % 256]));
    },
  };
  const reader: FrameReader = new FrameReader(source, { frame: () => taken.push(taken.length) });
  return { reader, taken };
}

describe('frames of a call are read', () => {
  it('one after another, each asked for when the last has been dealt with', () => {
    const said: string[] = [];
    const reader = new FrameReader({ startRead: () => said.push('asked') }, { frame: () => said.push('dealt with') });
    reader.ask();
    reader.take(Buffer.alloc(1));
    reader.take(Buffer.alloc(1));
    expect(said).toEqual(['asked', 'dealt with', 'asked', 'dealt with', 'asked']);
  });

  it('without a deep stack, however many are there already', () => {
    const { reader, taken } = readerOf(100_000);
    reader.ask();
    expect(taken).toHaveLength(100_000);
  });

  it('not while reading is paused, and go on where they stopped', async () => {
    const { reader, taken } = readerOf(3);
    reader.pause();
    reader.ask();
    expect(taken).toHaveLength(0);
    reader.resume();
    // Who resumes is not told anything before it is done.
    expect(taken).toHaveLength(0);
    await Promise.resolve();
    expect(taken).toHaveLength(3);
  });

  it('not beyond the one after which a listener has paused', () => {
    let asked = 0;
    const listener = { frame: () => reader.pause() };
    const reader: FrameReader = new FrameReader({ startRead: () => asked++ }, listener);
    reader.ask();
    reader.take(Buffer.alloc(1));
    expect(asked).toBe(1);
  });
});
