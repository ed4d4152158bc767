import { describe, expect, it } from 'vitest';
import { Welcome } from '../../src/gen/duplex/v1/session.js';
import { Session } from '../../src/session/session.js';
import { defaultTerms } from '../../src/session/terms.js';
import type { Carrier, CarrierListener } from '../../src/transport/carrier.js';
import { Driver } from '../../src/transport/driver.js';
import { content, control, decodeEnvelope, type Envelope, encodeEnvelope } from '../support/envelope.js';
import { usualOptions } from '../support/session-options.js';
import { settle, VirtualClock } from '../support/virtual-clock.js';

/** A carrier whose writes end at once, unless it sticks. */
class TestCarrier implements Carrier {
  readonly written: Envelope[] = [];
  readonly departures: string[] = [];
  sticks = false;
  readonly listener: CarrierListener;

  constructor(listener: CarrierListener) {
    this.listener = listener;
  }

  write(frame: Uint8Array, written: () => void): void {
    this.written.push(decodeEnvelope(frame));
    if (!this.sticks) queueMicrotask(written);
  }

  depart({ how }: { readonly how: string }): void {
    this.departures.push(how);
  }

  pause(): void {}
  resume(): void {}
}

/** A client's session that is open, on a driver; every item of its peer is held. */
async function open() {
  const clock = new VirtualClock();
  const carriers: TestCarrier[] = [];
  let driver: Driver | undefined;
  const ignore = (): void => {};
  const session = new Session(
    {
      ...usualOptions,
      role: 'client',
      terms: defaultTerms,
      waiting: { items: 10, bytes: 1_000 },
      closeTimeoutMs: 3_000,
    },
    {
      ...{ opening: ignore, opened: ignore, confirmed: ignore, resumed: ignore, credit: ignore, room: ignore },
      ...{ suspended: ignore, closing: ignore, closed: ignore, credentialsWanted: ignore, credentials: ignore },
      item: () => false,
      isIdle: () => true,
      awaitsPeer: () => false,
      wake: () => driver?.wake(),
    },
  );
  driver = new Driver(session, clock, (listener) => {
    carriers.push(new TestCarrier(listener));
    return carriers.at(-1) as TestCarrier;
  });
  driver.start();
  await settle();
  const carrier = carriers.at(-1) as TestCarrier;
  const hand = async (envelope: Envelope): Promise<void> => {
    carrier.listener.frame(encodeEnvelope(envelope));
    await settle();
  };
  const value = Welcome.fromPartial({ result: 1, version: 1, sessionId: Uint8Array.of(1), token: Uint8Array.of(2) });
  await hand({ content: control({ $case: 'welcome', value }) });
  carrier.written.length = 0;
  return { clock, session, carrier, hand };
}

describe('an item whose handler begins late', () => {
  it('is acknowledged as dispatched five seconds after that, though nothing else is sent', async () => {
    const { clock, session, carrier, hand } = await open();
    await hand({ seq: 1, content: content(100, Welcome) });
    await clock.advance(5_000);
    expect(carrier.written).toEqual([{ ack: 1, backlog: 1 }]);
    await hand({});
    session.release(0, clock.now());
    await settle();
    await clock.advance(5_000);
    expect(carrier.written).toEqual([{ ack: 1, backlog: 1 }, { ack: 1 }]);
  });
});

describe('an acknowledgement that is due', () => {
  it('does not keep the process busy while a write is in flight', async () => {
    const { clock, carrier, hand } = await open();
    carrier.sticks = true;
    await hand({ content: control({ $case: 'ping', value: { id: 1 } }) });
    await hand({ content: control({ $case: 'ping', value: { id: 2 } }) });
    expect(carrier.written).toHaveLength(1);
    const armed = clock.armed;
    // `advance` gives up after 100,000 rings.
    await clock.advance(5_000);
    expect(clock.armed).toBe(armed);
  });
});

describe('the stream of a session that is over', () => {
  it('is given up after a while if the peer reads nothing', async () => {
    const { clock, session, carrier } = await open();
    carrier.sticks = true;
    session.sender.offer(Uint8Array.of(0xa2, 6, 0));
    await settle();
    session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    await settle();
    expect(carrier.departures).not.toContain('cancel');
    await clock.advance(5_000);
    expect(carrier.departures).toContain('cancel');
    expect(clock.armed).toBe(0);
  });

  it('is given up after a while if the peer does not end it', async () => {
    const { clock, session, carrier } = await open();
    session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    await settle();
    expect(carrier.departures).toEqual(['half-close']);
    await clock.advance(5_000);
    expect(carrier.departures).toEqual(['half-close', 'cancel']);
    expect(clock.armed).toBe(0);
  });
});
