import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Overflow, resolveViewOptions, ViewBuffer } from '../../../../src/client/callbacks/callback-view.js';
import { Code } from '../../../../src/errors.js';
import { rejectionOf, thrownBy } from '../../../support/thrown-by.js';

function buffer(size: number, overflow: Overflow = 'wait') {
  const told = { dropped: 0, left: 0 };
  const made = new ViewBuffer<number>(
    resolveViewOptions({ buffer: size, overflow }),
    () => (told.dropped += 1),
    () => (told.left += 1),
  );
  return { buffer: made, told };
}

const done = { done: true, value: undefined };
const item = (value: number) => ({ done: false, value });

describe('the buffer of a loop', () => {
  it('has room for so many, and lets the others wait until there is room', async () => {
    const { buffer: made } = buffer(2);
    expect([made.push(1), made.push(2)]).toEqual([undefined, undefined]);
    const settled: number[] = [];
    void made.push(3)?.then(() => settled.push(3));
    void made.push(4)?.then(() => settled.push(4));
    expect(await made.next()).toEqual(item(1));
    await Promise.resolve();
    expect(settled).toEqual([3]);
    expect(await made.next()).toEqual(item(2));
    await Promise.resolve();
    expect(settled).toEqual([3, 4]);
  });

  it('hands an item to a loop that waits for it', async () => {
    const { buffer: made } = buffer(1);
    const [first, second] = [made.next(), made.next()];
    void made.push(1);
    void made.push(2);
    expect(await Promise.all([first, second])).toEqual([item(1), item(2)]);
  });

  it.each([
    ['drop-oldest', [2, 3]],
    ['drop-newest', [1, 2]],
  ] as const)('with `%s` loses what that says, and counts it', async (overflow, kept) => {
    const { buffer: made, told } = buffer(2, overflow);
    for (const value of [1, 2, 3]) expect(made.push(value)).toBeUndefined();
    expect(told.dropped).toBe(1);
    made.end();
    expect([await made.next(), await made.next(), await made.next()]).toEqual([...kept.map(item), done]);
  });

  it('with `error` ends the loop after what was in it', async () => {
    const { buffer: made, told } = buffer(1, 'error');
    void made.push(1);
    void made.push(2);
    expect(told).toEqual({ dropped: 1, left: 1 });
    expect(await made.next()).toEqual(item(1));
    expect(await rejectionOf(made.next())).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(await made.next()).toEqual(done);
  });

  it('makes nobody wait once the loop is left or the session closes', async () => {
    const left = buffer(1);
    void left.buffer.push(1);
    const waiting = left.buffer.push(2);
    expect(await left.buffer.return()).toEqual(done);
    await waiting;
    expect(left.told.left).toBe(1);
    expect(left.buffer.push(3)).toBeUndefined();
    expect(await left.buffer.next()).toEqual(done);

    const closing = buffer(1).buffer;
    void closing.push(1);
    const held = closing.push(2);
    closing.release();
    await held;
    expect(closing.push(3)).toBeUndefined();
    closing.end();
    expect([await closing.next(), await closing.next(), await closing.next()]).toEqual([item(1), item(2), item(3)]);
    expect(await closing.next()).toEqual(done);
  });

  it('makes callbacks of the next session wait again', async () => {
    const { buffer: made } = buffer(1);
    made.release();
    void made.push(1);
    expect(made.push(2)).toBeUndefined();
    made.hold();
    const held = made.push(3);
    expect(held).toBeInstanceOf(Promise);
    expect([await made.next(), await made.next()]).toEqual([item(1), item(2)]);
    await held;
  });

  it('gives every item once, in order, however pushes and takes are mixed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 100 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, size) => {
          const { buffer: made } = buffer(size);
          let pushed = 0;
          let waiting = 0;
          const taken: Promise<IteratorResult<number, undefined>>[] = [];
          for (const push of steps) {
            if (!push) taken.push(made.next());
            else {
              const room = made.push(pushed++);
              if (room !== undefined) {
                waiting += 1;
                void room.then(() => (waiting -= 1));
              }
            }
          }
          made.end();
          const rest: number[] = [];
          for await (const value of made) rest.push(value);
          const seen = (await Promise.all(taken)).flatMap((result) => (result.done ? [] : [result.value]));
          expect([...seen, ...rest]).toEqual(Array.from({ length: pushed }, (_, index) => index));
          expect(waiting).toBe(0);
        },
      ),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('of %s is refused', (size) => {
    expect(thrownBy(() => resolveViewOptions({ buffer: size }))).toMatchObject({ code: Code.INVALID_ARGUMENT });
  });
});
