import { describe, expect, it } from 'vitest';
import { Alarm } from '../../../src/transport/alarm.js';
import { systemClock } from '../../../src/transport/clock.js';
import { VirtualClock } from '../../support/virtual-clock.js';

function alarmAt(clock: VirtualClock) {
  const rung: number[] = [];
  return { alarm: new Alarm(clock, { ring: () => rung.push(clock.now()) }), rung };
}

describe('an alarm', () => {
  it('rings once, at the earliest time that it was told', async () => {
    const clock = new VirtualClock();
    const { alarm, rung } = alarmAt(clock);
    for (const at of [500, 300, 400]) alarm.setAt(at);
    await clock.advance(1_000);
    expect(rung).toEqual([300]);
    expect(clock.armed).toBe(0);
  });

  it('rings again when it is set again', async () => {
    const clock = new VirtualClock();
    const { alarm, rung } = alarmAt(clock);
    alarm.setAt(100);
    await clock.advance(100);
    alarm.setAt(250);
    await clock.advance(150);
    expect(rung).toEqual([100, 250]);
  });

  it('does not ring once it is cancelled, and leaves no timer behind', async () => {
    const clock = new VirtualClock();
    const { alarm, rung } = alarmAt(clock);
    alarm.setAt(100);
    alarm.cancel();
    expect(clock.armed).toBe(0);
    await clock.advance(1_000);
    expect(rung).toEqual([]);
    alarm.setAt(1_100);
    await clock.advance(100);
    expect(rung).toEqual([1_100]);
  });

  it('keeps one timer however often it is set', () => {
    const clock = new VirtualClock();
    const { alarm } = alarmAt(clock);
    for (let at = 1_000; at > 0; at--) alarm.setAt(at);
    expect(clock.armed).toBe(1);
  });

  it('has no timer for a time that never comes', () => {
    const clock = new VirtualClock();
    alarmAt(clock).alarm.setAt(Number.POSITIVE_INFINITY);
    expect(clock.armed).toBe(0);
  });
});

describe('the clock of the process', () => {
  it('only ever rises', () => {
    const times = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('does not call back at once, even if the time has passed', async () => {
    let called = false;
    await new Promise<void>((resolve) => {
      systemClock.schedule(systemClock.now() - 1_000, () => {
        called = true;
        resolve();
      });
      expect(called).toBe(false);
    });
  });

  it('does not call back what was cancelled, nor years too early', async () => {
    const called: string[] = [];
    const year = 365 * 24 * 3_600_000;
    const late = systemClock.schedule(systemClock.now() + year, () => called.push('a year too early'));
    systemClock.schedule(systemClock.now(), () => called.push('cancelled')).cancel();
    await new Promise<void>((resolve) => systemClock.schedule(systemClock.now() + 5, resolve));
    expect(called).toEqual([]);
    late.cancel();
  });
});
