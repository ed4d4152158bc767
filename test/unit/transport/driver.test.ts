import { describe, expect, it } from 'vitest';
import { DuplexError } from '../../../src/errors.js';
import { Result, Welcome } from '../../../src/gen/duplex/v1/session.js';
import { Session } from '../../../src/session/session.js';
import type { SessionEnd } from '../../../src/session/session-end.js';
import type { Departure, SessionOptions } from '../../../src/session/session-options.js';
import { defaultTerms } from '../../../src/session/terms.js';
import type { Carrier, CarrierListener } from '../../../src/transport/carrier.js';
import { Driver } from '../../../src/transport/driver.js';
import { control, controlOf, decodeEnvelope, encodeEnvelope, itemsOf } from '../../support/envelope.js';
import { usualOptions } from '../../support/session-options.js';
import { telling } from '../../support/session-pair.js';
import { settle, VirtualClock } from '../../support/virtual-clock.js';

/** A carrier that writes when the test says so. */
class StickyCarrier implements Carrier {
  readonly frames: Uint8Array[] = [];
  readonly departures: Departure[] = [];
  paused = false;
  sticks = false;
  #written: (() => void) | undefined;
  readonly listener: CarrierListener;

  constructor(listener: CarrierListener) {
    this.listener = listener;
  }

  write(frame: Uint8Array, written: () => void): void {
    this.frames.push(frame.slice());
    this.#written = written;
    if (!this.sticks) queueMicrotask(() => this.flow());
  }

  /** Lets the write in flight end. */
  flow(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  depart(departure: Departure): void {
    this.departures.push(departure);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

/** A client's session on a driver, with every carrier that was dialled. */
function driven(ttlMs = 0, options: Partial<SessionOptions> = {}) {
  const clock = new VirtualClock();
  const carriers: StickyCarrier[] = [];
  const ends: SessionEnd[] = [];
  const suspensions: DuplexError[] = [];
  let driver: Driver | undefined;
  const ignore = (): void => {};
  const session = new Session(
    {
      ...usualOptions,
      role: 'client',
      terms: { ...defaultTerms, ttlMs },
      closeTimeoutMs: 3_000,
      ...options,
    },
    {
      ...{
        opening: ignore,
        opened: ignore,
        confirmed: ignore,
        resumed: ignore,
        credit: ignore,
        room: ignore,
        closing: ignore,
        credentialsWanted: ignore,
        credentials: ignore,
      },
      suspended: (error) => suspensions.push(error),
      item: () => true,
      closed: (end) => ends.push(end),
      isIdle: () => true,
      awaitsPeer: () => false,
      wake: () => driver?.wake(),
    },
  );
  const dial = (listener: CarrierListener): Carrier => {
    const carrier = new StickyCarrier(listener);
    carriers.push(carrier);
    return carrier;
  };
  driver = new Driver(session, clock, dial);
  driver.start();
  const carrier = (): StickyCarrier => carriers.at(-1) ?? new StickyCarrier(driver as never);
  const welcome = async (): Promise<void> => {
    await settle();
    const value = Welcome.fromPartial({
      result: Result.OPENED,
      version: 1,
      sessionId: Uint8Array.of(1),
      token: Uint8Array.of(2),
      terms: { ttlMs },
    });
    carrier().listener.frame(encodeEnvelope({ content: control({ $case: 'welcome', value }) }));
    await settle();
  };
  return { clock, session, driver, carriers, carrier, ends, suspensions, welcome };
}

const lost = new DuplexError('lost', 'cut', { origin: 'remote' });

describe('a driver', () => {
  it('puts all that is sent in one turn, or while a write is in flight, into one frame', async () => {
    const { session, carrier, welcome } = driven();
    await welcome();
    const before = carrier().frames.length;
    carrier().sticks = true;
    for (let id = 1; id <= 10; id++) session.sender.offer(telling(id));
    await settle();
    for (let id = 11; id <= 30; id++) session.sender.offer(telling(id));
    await settle();
    expect(carrier().frames).toHaveLength(before + 1);
    carrier().flow();
    await settle();
    const frames = carrier()
      .frames.slice(before)
      .map((frame) => itemsOf(decodeEnvelope(frame)).length);
    expect(frames).toEqual([10, 20]);
  });

  it('gives many items to a peer in four frames, so that both have work', async () => {
    const { session, carrier, welcome } = driven();
    await welcome();
    const before = carrier().frames.length;
    const counts = (): number[] =>
      carrier()
        .frames.slice(before)
        .map((frame) => itemsOf(decodeEnvelope(frame)).length);
    for (let id = 1; id <= 128; id++) session.sender.offer(telling(id));
    await settle();
    expect(counts()).toEqual([32, 32, 32, 32]);
    // It has three frames yet to handle, so what it makes of the first one goes together.
    carrier().listener.frame(encodeEnvelope({ ack: 32 }));
    for (let id = 129; id <= 160; id++) session.sender.offer(telling(id));
    await settle();
    expect(counts()).toEqual([32, 32, 32, 32, 32]);
  });

  it('writes at once, without another turn, what goes out one by one to a peer that says nothing', async () => {
    const { session, carrier, welcome } = driven();
    await welcome();
    const before = carrier().frames.length;
    session.sender.offer(telling(1));
    await settle();
    session.sender.offer(telling(2));
    expect(carrier().frames).toHaveLength(before + 2);
    await settle();
    // Who answers what came may have more to say in the same turn.
    carrier().listener.frame(encodeEnvelope({ ack: 1 }));
    session.sender.offer(telling(3));
    expect(carrier().frames).toHaveLength(before + 2);
    await settle();
    expect(carrier().frames).toHaveLength(before + 3);
  });

  it('keeps one timer, and none once the session is over', async () => {
    const { clock, session, carrier, welcome } = driven();
    await welcome();
    expect(clock.armed).toBe(1);
    for (let id = 1; id <= 100; id++) session.sender.offer(telling(id));
    await settle();
    expect(clock.armed).toBe(1);
    session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    await settle();
    carrier().listener.ended();
    await settle();
    expect(clock.armed).toBe(0);
  });

  it('says why and leaves the carrier when the session is aborted', async () => {
    const { session, carrier, welcome } = driven();
    await welcome();
    session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    await settle();
    expect(carrier().departures).toHaveLength(1);
    const last = carrier().frames.at(-1) ?? new Uint8Array();
    expect(controlOf(decodeEnvelope(last))).toMatchObject({ $case: 'goodbye', value: { message: 'enough' } });
  });

  it('tells nothing to a session that has moved to another carrier', async () => {
    const { clock, carriers, welcome, suspensions, ends } = driven(60_000);
    await welcome();
    carriers[0]?.listener.lost(lost);
    await clock.advance(100);
    expect(carriers).toHaveLength(2);
    carriers[0]?.listener.lost(lost);
    carriers[0]?.listener.frame(Uint8Array.of(0xff));
    carriers[0]?.listener.ended();
    await settle();
    expect(suspensions).toHaveLength(1);
    expect(ends).toEqual([]);
  });
});

describe('a write that gets stuck', () => {
  /** An open session whose carrier no longer takes anything. */
  async function stuck(ttlMs = 0) {
    const all = driven(ttlMs);
    await all.welcome();
    all.carrier().sticks = true;
    all.session.sender.offer(telling(1));
    await settle();
    return all;
  }

  it('does not hide that the peer is dead', async () => {
    const { clock, ends } = await stuck();
    await clock.advance(16_000);
    expect(ends).toMatchObject([{ kind: 'lost', message: expect.stringContaining('does not answer') }]);
  });

  it('does not keep a closing session from its time-out', async () => {
    const { clock, session, ends } = await stuck();
    session.close(clock.now(), 'bye');
    await clock.advance(3_100);
    expect(ends).toMatchObject([{ kind: 'timeout' }]);
  });

  it('does not keep the carrier from being left when the session is over', async () => {
    const { clock, carrier, ends } = await stuck();
    await clock.advance(16_000);
    expect(ends).toHaveLength(1);
    expect(carrier().departures).toEqual([{ how: 'cancel' }]);
  });

  it('does not keep an aborted session on its carrier for long', async () => {
    const { clock, session, carrier } = await stuck();
    session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    await clock.advance(6_000);
    expect(carrier().departures.at(-1)).toEqual({ how: 'cancel' });
    expect(clock.armed).toBe(0);
  });

  it('does not delay dialling again when the carrier is lost', async () => {
    const { clock, carrier, carriers } = await stuck(60_000);
    carrier().listener.lost(lost);
    await clock.advance(100);
    expect(carriers).toHaveLength(2);
    await settle();
    expect(controlOf(decodeEnvelope(carrier().frames[0] ?? new Uint8Array()))).toMatchObject({ $case: 'hello' });
  });

  it('does not delay trying again to open a session', async () => {
    const { clock, carriers } = driven(0, { retryOpen: true });
    if (carriers[0] !== undefined) carriers[0].sticks = true;
    await settle();
    carriers[0]?.listener.lost(lost);
    await clock.advance(100);
    expect(carriers).toHaveLength(2);
  });
});

describe('dialling again', () => {
  it('is spaced with jitter that doubles, up to ten seconds', async () => {
    const { clock, carriers, welcome } = driven(10 * 60_000);
    await welcome();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 10; attempt++) {
      const count = carriers.length;
      carriers.at(-1)?.listener.lost(lost);
      const start = clock.now();
      while (carriers.length === count) await clock.advance(25);
      waits.push(clock.now() - start);
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('is given up when the session may be resumed no longer, once', async () => {
    const { clock, carriers, welcome, ends } = driven(2_000);
    await welcome();
    for (let step = 0; step < 200; step++) {
      carriers.at(-1)?.listener.lost(lost);
      await clock.advance(25);
    }
    expect(ends).toMatchObject([{ kind: 'lost' }]);
    expect(clock.armed).toBe(0);
    const count = carriers.length;
    await clock.advance(60_000);
    expect(carriers).toHaveLength(count);
  });
});
