import { describe, expect, it } from 'vitest';
import { Alarm } from '../../../src/transport/alarm.js';
import { SharedAlarms } from '../../../src/transport/shared-alarms.js';
import { VirtualClock } from '../../support/virtual-clock.js';

/** A clock whose timers may be late, as that of a process is. */
class CoarseClock extends VirtualClock {
  readonly slackMs = 100;
}

function alarmsAt(clock: VirtualClock, times: readonly number[]) {
  const shared = new SharedAlarms(clock);
  const rung: string[] = [];
  const alarms = times.map((atMs) => {
    const alarm = new Alarm(shared, { ring: () => rung.push(`${atMs} at ${clock.now()}`) });
    alarm.setAt(atMs);
    return alarm;
  });
  return { alarms, rung };
}

describe('alarms that share their timers', () => {
  it('have one where they are due within the slack of the clock, and none rings early', async () => {
    const clock = new CoarseClock();
    const { rung } = alarmsAt(clock, [10_001, 10_050, 10_100, 10_101]);
    expect(clock.armed).toBe(2);
    await clock.advance(20_000);
    expect(rung).toEqual(['10001 at 10100', '10050 at 10100', '10100 at 10100', '10101 at 10200']);
    expect(clock.armed).toBe(0);
  });

  it('ring at their very time where that is soon, or the clock has no slack', async () => {
    const coarse = new CoarseClock();
    const soon = alarmsAt(coarse, [7, 450]);
    await coarse.advance(1_000);
    expect(soon.rung).toEqual(['7 at 7', '450 at 450']);
    const exact = new VirtualClock();
    const far = alarmsAt(exact, [10_001, 10_050]);
    await exact.advance(20_000);
    expect(far.rung).toEqual(['10001 at 10001', '10050 at 10050']);
  });

  it('do not ring once they are cancelled', async () => {
    const clock = new CoarseClock();
    const { alarms, rung } = alarmsAt(clock, [5_000, 5_000]);
    alarms[0]?.cancel();
    expect(clock.armed).toBe(1);
    await clock.advance(6_000);
    expect(rung).toEqual(['5000 at 5000']);
  });

  it('leave no timer behind when they are cancelled, but one that is due soon, for those to come', async () => {
    const clock = new CoarseClock();
    const { alarms } = alarmsAt(clock, [450, 60_000]);
    for (const alarm of alarms) alarm.cancel();
    expect(clock.armed).toBe(0);
    for (let round = 0; round < 3; round++) {
      alarms[0]?.setAt(10_000 + round);
      expect(clock.armed).toBe(Math.min(round + 1, 2));
      alarms[0]?.cancel();
    }
    await clock.advance(20_000);
    expect(clock.armed).toBe(0);
  });

  it('can be cancelled, and set anew, by one that rings at the same time', async () => {
    const clock = new CoarseClock();
    const shared = new SharedAlarms(clock);
    const rung: number[] = [];
    const other = new Alarm(shared, { ring: () => rung.push(clock.now()) });
    const first = new Alarm(shared, {
      ring: () => {
        other.cancel();
        other.setAt(7_000);
      },
    });
    first.setAt(5_000);
    other.setAt(5_000);
    await clock.advance(10_000);
    expect(rung).toEqual([7_000]);
  });
});
