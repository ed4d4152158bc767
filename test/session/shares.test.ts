import { expect, test } from 'vitest';
import { Shares } from '../../src/session/sending/shares.js';

/** Sends all of what waits, frame by frame, and returns how many items each had. */
function framesOf(shares: Shares, items: number, underway = 0): number[] {
  const frames: number[] = [];
  for (let waiting = items; waiting > 0; waiting -= frames.at(-1) ?? 0) {
    frames.push(shares.next(waiting, underway + items - waiting));
  }
  return frames;
}

test('few items, and the items of a flood, are not cut', () => {
  expect(framesOf(new Shares(), 31)).toEqual([31]);
  expect(framesOf(new Shares(), 513)).toEqual([513]);
});

test('the calls of many callers go in four frames', () => {
  expect(framesOf(new Shares(), 128)).toEqual([32, 32, 32, 32]);
  expect(framesOf(new Shares(), 40)).toEqual([10, 30]);
});

test('a frame that is one of four is not cut again', () => {
  const shares = new Shares();
  for (let frame = 0; frame < 1_000; frame++) expect(framesOf(shares, 32, 96)).toEqual([32]);
});

test('two sides that take turns get two frames, and four again when they no longer do', () => {
  const shares = new Shares();
  const turns = Array.from({ length: 300 }, () => framesOf(shares, 128).length);
  expect(turns[0]).toBe(4);
  expect(turns.slice(16, 272)).toEqual(new Array(256).fill(2));
  while (framesOf(shares, 128).length < 4);
  for (let frame = 0; frame < 1_000; frame++) framesOf(shares, 32, 96);
  expect(framesOf(shares, 128)).toEqual([32, 32, 32, 32]);
});
