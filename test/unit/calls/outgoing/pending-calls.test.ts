import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PromisedCall } from '../../../../src/calls/outgoing/pending-call.js';
import { PendingCalls } from '../../../../src/calls/outgoing/pending-calls.js';
import { DuplexError } from '../../../../src/errors.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { type Clock, systemClock } from '../../../../src/transport/clock.js';
import { told } from '../../../support/two-callbacks.js';

/** One that may be late, as the clock of the process is, and that goes on while code runs. */
class BusyClock extends VirtualClock {
  readonly slackMs = 100;
  #busyMs = 0;

  override now(): number {
    return super.now() + this.#busyMs;
  }

  /** Code runs for so long. */
  run(ms: number): void {
    this.#busyMs += ms;
  }
}

/** Calls that are made as the test says, and the ids of those that are given up. */
function callsBy(clock: Clock) {
  const givenUp: number[] = [];
  const calls = new PendingCalls(clock, { timedOut: ({ id }) => void givenUp.push(id) });
  let lastId = 0;
  const call = (timeoutMs: number): PromisedCall => {
    const made = new PromisedCall(told);
    made.id = ++lastId;
    made.timeoutMs = timeoutMs;
    calls.add(made);
    return made;
  };
  return { call, calls, givenUp };
}

describe('calls that await their answers', () => {
  it.each([
    ['late', new BusyClock()],
    ['exact', new VirtualClock()],
  ])('are given up at their own times where they are made in one turn of a clock that is %s', async (_, clock) => {
    const { call, givenUp } = callsBy(clock);
    call(2_000);
    call(1_000);
    call(Number.POSITIVE_INFINITY);
    await clock.advance(999);
    expect(givenUp).toEqual([]);
    await clock.advance(1);
    expect(givenUp).toEqual([2]);
    await clock.advance(1_000);
    expect(givenUp).toEqual([2, 1]);
    await clock.advance(1e9);
    expect(givenUp).toEqual([2, 1]);
  });

  it('are not given up early because the code of their turn runs for long', async () => {
    const clock = new BusyClock();
    const { call, givenUp } = callsBy(clock);
    call(1_000);
    clock.run(800);
    call(1_000);
    await clock.advance(999);
    expect(givenUp).toEqual([]);
    await clock.advance(801);
    expect(givenUp).toEqual([1, 2]);
  });

  it('are not given up because an older one is, by timers that are moved within the turn', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { call, givenUp } = callsBy(systemClock);
    call(1_000);
    await Promise.resolve();
    vi.advanceTimersByTime(500);
    call(1_000);
    vi.advanceTimersByTime(500);
    expect(givenUp).toEqual([1]);
    vi.advanceTimersByTime(1_000);
    expect(givenUp).toEqual([1, 2]);
  });

  it('leave no timer behind when all of them fail in the turn in which they are made', async () => {
    const clock = new BusyClock();
    const { call, calls } = callsBy(clock);
    const { reply } = call(1_000);
    calls.failAll(() => new DuplexError('lost', 'the session is over'));
    await expect(reply).rejects.toThrow('the session is over');
    expect(clock.armed).toBe(0);
  });
});
