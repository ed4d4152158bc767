import { beforeAll, describe, expect, it } from 'vitest';
import { clientOver } from '../../src/client/connect.js';
import { DuplexError } from '../../src/errors.js';
import { Hello, Result, Welcome } from '../../src/gen/duplex/v1/session.js';
import { hostOn } from '../../src/server/host.js';
import type { Departure } from '../../src/session/session-options.js';
import type { CarrierListener, IncomingCarrier } from '../../src/transport/carrier.js';
import { control, controlOf, decodeEnvelope, type Envelope, encodeEnvelope, itemsOf } from '../support/envelope.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Everything as contract } from '../support/gen/testing/v1/everything_duplex.js';
import { planOf } from '../support/sim/plan.js';
import { run } from '../support/sim/run.js';
import { Random } from '../support/sim/world/random.js';
import { settle, VirtualClock } from '../support/virtual-clock.js';

const ENVELOPES = 50_000;
const SEED = 5;
/** So many envelopes a peer sends over one stream, if it is not thrown out before. */
const PER_STREAM = 10;

/** The end of a stream whose other end is in the hands of somebody hostile. */
class HostileStream implements IncomingCarrier {
  readonly peer = 'hostile';
  listener!: CarrierListener;
  departure: Departure | undefined;
  written = 0;

  listen(listener: CarrierListener): void {
    this.listener = listener;
  }

  handTo(listener: CarrierListener): void {
    this.listener = listener;
  }

  write(_: Uint8Array, written: () => void): void {
    this.written += 1;
    queueMicrotask(written);
  }

  depart(departure: Departure): void {
    this.departure = departure;
  }

  pause(): void {}
  resume(): void {}
}

/** Frames as real sessions wrote them, by who read them. */
async function realFrames(): Promise<{ readonly up: readonly Uint8Array[]; readonly down: readonly Uint8Array[] }> {
  const up: Uint8Array[] = [];
  const down: Uint8Array[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const { history } = await run(planOf(seed));
    for (const entry of history.entries) {
      if (entry.what === 'frame') (entry.who.startsWith('S') ? up : down).push(entry.frame);
    }
  }
  return { up, down };
}

const oddNumbers = [0, 1, 2, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53];
const oddArms = [1, 15, 16, 20, 21, 99, 100, 150, 2 ** 29 - 1];
const numbers = ['seq', 'ack', 'backlog', 'callId', 'replyTo', 'timeoutMs'] as const;

/** Sends what a broken or hostile peer may send: parts of real frames, mixed, changed, cut. */
class HostilePeer {
  /** The number that a frame has to have to get beyond the numbering. */
  #next = 1;
  readonly #random: Random;
  readonly #frames: readonly Uint8Array[];

  constructor(random: Random, frames: readonly Uint8Array[]) {
    this.#random = random;
    this.#frames = frames;
  }

  nextFrame(): Uint8Array {
    const random = this.#random;
    const envelope = decodeEnvelope(random.pick(this.#frames));
    const items = itemsOf(envelope).length;
    const fitting = { ...envelope, ...(envelope.seq && { seq: this.#next }), ack: 0, backlog: 0 };
    this.#next += controlOf(envelope) === undefined ? items : 0;
    if (random.chance(0.5)) return encodeEnvelope(fitting);
    const bytes = encodeEnvelope(random.chance(0.8) ? fitting : envelope);
    if (random.chance(0.4)) return scratched(random, bytes);
    return encodeEnvelope({ ...fitting, ...this.#change(), ...(random.chance(0.3) && this.#change()) });
  }

  #change(): Partial<Envelope> {
    const random = this.#random;
    const other = (): Envelope => decodeEnvelope(random.pick(this.#frames));
    return random.pick<() => Partial<Envelope>>([
      () => ({ [random.pick(numbers)]: random.pick(oddNumbers) }),
      () => ({ seq: Math.max(0, this.#next + random.int(-2, 2)) }),
      () => ({ more: Array.from({ length: random.int(1, 30) }, other) }),
      () => ({ content: other().content ?? { number: 100, bytes: new Uint8Array(0) } }),
      () => ({ content: { number: random.pick(oddArms), bytes: random.bytes(9) } }),
    ])();
  }
}

function scratched(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice(0, random.chance(0.3) ? random.int(0, bytes.length) : bytes.length);
  for (let times = random.int(0, 4); times > 0 && changed.length > 0; times--) {
    changed[random.int(0, changed.length - 1)] = random.int(0, 255);
  }
  return changed;
}

/** A service that answers all that it is asked, and some of it late. */
function service(disposed: () => void): Everything.Handler {
  const handler: Partial<Everything.Handler> = {
    note: () => {},
    echo: async ({ text }) => ({ text }),
    ask: ({ question }) => ({ answer: question }),
    divide: () => new Promise(() => {}),
    fail: () => {
      throw new Error('as asked');
    },
    [Symbol.dispose]: disposed,
  };
  return handler as Everything.Handler;
}

describe(`${2 * ENVELOPES} hostile envelopes (seed ${SEED})`, async () => {
  let frames: Awaited<ReturnType<typeof realFrames>>;
  beforeAll(async () => {
    frames = await realFrames();
  });

  it('end no more of a service than the sessions that they came in on', async () => {
    const random = new Random(SEED);
    const clock = new VirtualClock();
    let accept!: (carrier: IncomingCarrier) => void;
    let [made, disposed] = [0, 0];
    const host = hostOn(
      { serve: (_, take) => (accept = take), shutdown: async () => {} },
      { clock, onError: () => {}, resumeWindowMs: 0 },
    );
    const { sessions } = host.add(contract, () => {
      made += 1;
      return service(() => (disposed += 1));
    });
    const departures = new Map<string, number>();
    for (let sent = 0; sent < ENVELOPES; ) {
      const stream = new HostileStream();
      accept(stream);
      if (random.chance(0.8)) stream.listener.frame(helloFrame(random));
      const peer = new HostilePeer(random, frames.up);
      for (let i = 0; i < PER_STREAM && stream.departure === undefined; i++, sent++) {
        stream.listener.frame(peer.nextFrame());
        if (random.chance(0.1)) await settle();
      }
      await settle();
      const { departure } = stream;
      const how = departure?.how === 'end' ? `end ${departure.error?.code ?? 0}` : `${departure?.how}`;
      departures.set(how, (departures.get(how) ?? 0) + 1);
      stream.listener.ended();
      stream.listener.lost(new DuplexError('lost', 'gone'));
    }
    await clock.advance(200_000);
    expect({ sessions: sessions.size, disposed, armed: clock.armed }).toEqual({
      sessions: 0,
      disposed: made,
      armed: 0,
    });
    // 3 is INVALID_ARGUMENT, 0 the end after a Goodbye: if one were missing, the envelopes would be of one kind.
    expect([...departures.keys()]).toEqual(expect.arrayContaining(['end 3', 'end 0', 'undefined']));
    expect(made).toBeGreaterThan(1_000);
  }, 120_000);

  it('end no more of a client than the session that they came in on', async () => {
    const random = new Random(SEED);
    const ends = new Map<string, number>();
    for (let sent = 0; sent < ENVELOPES; ) {
      const clock = new VirtualClock();
      const stream = new HostileStream();
      const dialer = {
        address: 'memory',
        dial: (_: string, listener: CarrierListener) => {
          stream.listen(listener);
          return stream;
        },
        close: () => Promise.resolve(),
      };
      const client = clientOver(contract, dialer, { clock, onError: () => {}, resumeWindowMs: 0 });
      const pending = [client.service.echo({ text: 'a' }), client.service.ask({ question: 'b' })];
      client.service.count({ count: 10 }).subscribe({ error: () => {} });
      await settle();
      if (random.chance(0.8)) stream.listener.frame(welcomeFrame());
      const peer = new HostilePeer(random, frames.down);
      for (let i = 0; i < PER_STREAM && stream.departure === undefined; i++, sent++) {
        stream.listener.frame(peer.nextFrame());
      }
      await settle();
      // A stream that is left need not be the end: after a gap the session would go on over another one.
      client.abort();
      const { kind } = await client.closed;
      ends.set(kind, (ends.get(kind) ?? 0) + 1);
      for (const { status } of await Promise.allSettled(pending)) expect(status).toMatch(/fulfilled|rejected/);
      await clock.advance(10_000);
      expect(clock.armed).toBe(0);
    }
    expect([...ends.keys()]).toEqual(expect.arrayContaining(['protocol', 'refused', 'aborted']));
  }, 120_000);
});

function helloFrame(random: Random): Uint8Array {
  const value = Hello.fromPartial({ minVersion: 1, maxVersion: 1, attempt: 1, openNonce: random.bytes(16) });
  return encodeEnvelope({ content: control({ $case: 'hello', value }) });
}

function welcomeFrame(): Uint8Array {
  const token = new Uint8Array(32);
  const value = Welcome.fromPartial({
    result: Result.OPENED,
    version: 1,
    sessionId: Uint8Array.of(1),
    token,
    epoch: 1,
  });
  return encodeEnvelope({ content: control({ $case: 'welcome', value }) });
}
