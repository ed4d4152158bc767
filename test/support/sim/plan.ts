import type { StreamStep } from './programs/streams.js';
import type { NetworkSettings } from './world/pipe.js';
import { Random } from './world/random.js';

/** What a program does at a time. `on` is a client (`c0`), or the sessions that a client has at the service (`s0`). */
export type Step = { readonly at: number; readonly on: string } & (
  | { readonly do: 'note' | 'noted'; readonly count: number; readonly size: number; readonly extra: Extra }
  | { readonly do: 'echo'; readonly size: number; readonly extra: Extra }
  | { readonly do: 'confirm' | 'ask'; readonly depth: number; readonly extra: Extra }
  | { readonly do: 'divide'; readonly divisor: number }
  | StreamStep
  | { readonly do: 'fail' | 'reset' | 'state' | 'close' | 'abort' }
);

/** What a call asks of its handler, and what its caller does meanwhile. Times are milliseconds. */
export interface Extra {
  /** How long the handler takes; absent: it returns at once. */
  readonly slow?: number;
  /** How many one-way calls the handler makes to the other side first. */
  readonly back?: number;
  /** Whether the handler changes the state. */
  readonly state?: boolean;
  /** The caller gives up after this time. */
  readonly timeout?: number;
  /** The caller cancels after this time. */
  readonly cancel?: number;
}

/** What goes wrong at a time. `on` is a client, or `S` for the service's process. */
export type Fault = { readonly at: number; readonly on: string } & (
  | { readonly fault: 'cut'; readonly afterBytes: number; readonly up: boolean; readonly hears: Hearing }
  | {
      readonly fault: 'cut-next';
      readonly afterBytes: number;
      readonly up: boolean;
      readonly hears: Hearing;
      readonly times: number;
    }
  | { readonly fault: 'half-cut'; readonly up: boolean }
  | { readonly fault: 'black-hole' }
  | { readonly fault: 'stall'; readonly up: boolean; readonly forMs: number }
  | { readonly fault: 'freeze'; readonly forMs: number }
  | { readonly fault: 'refuse' | 'hang'; readonly forMs: number }
  | {
      readonly fault: 'haunt';
      readonly back: number;
      /** Whether somebody says it who does not know the token. */
      readonly forged: boolean;
      readonly lifeMs: number;
      readonly hears: Hearing;
    }
  | { readonly fault: 'restart'; readonly forMs: number; readonly hears: Hearing }
  | { readonly fault: 'kill'; readonly hears: Hearing }
);

/** After how many milliseconds each side hears that a stream broke; null: never. */
export interface Hearing {
  readonly client: number | null;
  readonly server: number | null;
}

export interface Settings {
  readonly level: 'session' | 'plain';
  readonly network: NetworkSettings;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly resumeWindowMs: number;
  /** Whether the bounds are so low that calls have to wait, and some fail. */
  readonly isNarrow: boolean;
  readonly windowItems: number;
  readonly windowBytes: number;
  readonly frameItems: number;
  readonly waitingItems: number;
  readonly concurrency: 'single' | 'reentrant' | 'multiple';
  readonly retryOpen: boolean;
  readonly closeTimeoutMs: number;
  /** How long the service takes to let a client in. */
  readonly factoryMs: number;
  /** By what the service turns clients away. */
  readonly refuses: 'nobody' | 'authentication' | 'limits' | 'factory';
  /** Whose Hellos are heard as if they knew nothing of what may go with a Hello and a Welcome. */
  readonly older: 'nobody' | 'service' | 'client';
  /** Who closes what is still open at the end. */
  readonly closer: 'client' | 'service' | 'both';
  /** When they do, if it is to be while things still go wrong. */
  readonly closesAt: number | undefined;
  /** Whether there is a long silence, and a broken connection after it, before the end. */
  readonly idles: boolean;
}

/** All that one run depends on: plain data, so that it can be printed, and shrunk. */
export interface Plan {
  readonly seed: number;
  readonly settings: Settings;
  /** When each client connects. */
  readonly clients: readonly number[];
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  /** After this time nothing goes wrong any more. */
  readonly horizonMs: number;
  /** How long the credentials last that clients show in their sessions; undefined: nobody asks who they are. */
  readonly credentialsMs: number | undefined;
}

const MIB = 1024 * 1024;

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  const random = new Random(Math.imul(seed + 1, 0x9e3779b1));
  const shape = random.fork('shape');
  const horizonMs = shape.pick([500, 3_000, 10_000, 30_000]);
  const settings = settingsOf(random.fork('settings'), horizonMs);
  const clients = Array.from(
    {
      length: shape.weighted([
        [7, 1],
        [2, 2],
        [1, 3],
      ]),
    },
    (_, index) => (index === 0 ? 0 : shape.skewed(horizonMs)),
  );
  const stepCount = shape.int(3, 40);
  const faultCount = shape.weighted([
    [1, 0],
    [4, shape.int(1, 3)],
    [3, shape.int(2, 8)],
  ]);
  return {
    seed,
    settings,
    clients,
    horizonMs,
    credentialsMs: credentialsOf(random.fork('credentials'), settings),
    steps: inOrder(stepCount, random.fork('steps'), (chance) =>
      stepOf(chance, clients.length, horizonMs, settings),
    ).filter((step) => settings.level === 'session' || isPlain(step)),
    faults: inOrder(faultCount, random.fork('faults'), (chance) =>
      faultOf(chance, clients.length, horizonMs, settings.closesAt),
    ),
  };
}

/** A session that cannot be resumed ends with its credentials if nobody renews them in time, so it has none. */
function credentialsOf(random: Random, { level, resumeWindowMs }: Settings): number | undefined {
  if (level === 'plain' || resumeWindowMs === 0 || random.chance(0.7)) return undefined;
  return random.pick([6_000, 15_000, 40_000]);
}

function inOrder<Item extends { at: number }>(count: number, random: Random, make: (random: Random) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(random.fork(`${index}`))).sort((a, b) => a.at - b.at);
}

/**
 * What may happen at the plain level: a client that has half-closed can answer
 * nothing, and cannot be told either that the service closes at the same time.
 */
function isPlain(step: Step): boolean {
  return step.on.startsWith('c') || !['close', 'confirm', 'stream'].includes(step.do);
}

function settingsOf(random: Random, horizonMs: number): Settings {
  const lively = random.chance(0.5);
  const level = random.chance(0.1) ? 'plain' : 'session';
  const narrow = level === 'session' && random.chance(0.4);
  return {
    level,
    network: {
      latencyMs: random.pick([0, 1, 10, 60]),
      jitterMs: random.pick([0, 0, 5, 100]),
      bytesPerMs: random.pick([200, 1_000, 10_000]),
      bufferBytes: random.pick([1, 300, 16_384]),
      // Silence is the session's own affair; a plain client leaves it to HTTP/2.
      keepaliveMs: level === 'plain' ? 15_000 : null,
    },
    pingMs: lively ? 2_000 : 10_000,
    pingTimeoutMs: lively ? 1_000 : 5_000,
    resumeWindowMs: random.weighted([
      [8, 120_000],
      [2, 4_000],
      [1, 0],
    ]),
    isNarrow: narrow,
    windowItems: narrow ? random.pick([1, 3, 10]) : 16_384,
    windowBytes: narrow ? random.pick([100, 1_000, 4 * MIB]) : 4 * MIB,
    frameItems: random.pick([1, 3, 16_384]),
    waitingItems: narrow ? random.pick([2, 20, 1_024]) : 1e6,
    concurrency: random.pick(['single', 'reentrant', 'multiple']),
    retryOpen: random.chance(0.6),
    closeTimeoutMs: random.weighted([
      [4, 500_000],
      [1, 10_000],
    ]),
    factoryMs: random.weighted([
      [4, 0],
      [1, 50],
      [1, 1_000],
    ]),
    refuses: level === 'plain' ? 'nobody' : refusalOf(random.fork('refuses')),
    older: random.fork('older').weighted([
      [6, 'nobody'],
      [1, 'service'],
      [1, 'client'],
    ]),
    closer: level === 'plain' ? 'client' : random.pick(['client', 'client', 'service', 'both']),
    closesAt: random.chance(0.3) ? random.int(horizonMs >> 1, horizonMs) : undefined,
    idles: random.chance(0.15),
  };
}

function refusalOf(random: Random): Settings['refuses'] {
  return random.weighted([
    [9, 'nobody'],
    [1, 'authentication'],
    [1, 'limits'],
    [1, 'factory'],
  ]);
}

/** A time that is likely to meet others: much happens at the start, and many things at once. */
function timeIn(random: Random, horizonMs: number): number {
  return random.weighted([
    [0.3, 0],
    [1, random.int(0, 20)],
    [3, random.int(0, horizonMs)],
    [2, Math.round((random.int(0, 10) * horizonMs) / 10) + random.int(0, 2)],
  ]);
}

function stepOf(random: Random, clients: number, horizonMs: number, settings: Settings): Step {
  const at = timeIn(random, horizonMs);
  const index = random.int(0, clients - 1);
  const here = { at, on: `c${index}` };
  const there = { at, on: `s${index}` };
  const size = random.weighted([
    [6, random.int(0, 40)],
    [2, random.int(0, 2_000)],
    [0.1, 70_000],
  ]);
  const count = random.weighted([
    [5, 1],
    [2, random.int(2, 8)],
    [0.5, random.int(10, 60)],
  ]);
  const depth = random.chance(0.7) || settings.concurrency === 'single' ? 0 : random.int(1, 3);
  return random.weighted<() => Step>([
    [8, () => ({ ...here, do: 'note', count, size, extra: extraOf(random, 'one-way') })],
    [5, () => ({ ...there, do: 'noted', count, size, extra: extraOf(random, 'callback') })],
    [4, () => ({ ...here, do: 'echo', size, extra: extraOf(random, 'call') })],
    [3, () => ({ ...here, do: 'ask', depth, extra: extraOf(random, 'call') })],
    [3, () => ({ ...there, do: 'confirm', depth, extra: extraOf(random, 'callback') })],
    [1, () => ({ ...here, do: 'divide', divisor: random.int(0, 2) })],
    [1.5, () => ({ ...here, ...streamOf(random, true) })],
    [1, () => ({ ...there, ...streamOf(random, false) })],
    [1, () => ({ ...here, do: 'fail' })],
    [1, () => ({ ...here, do: 'reset' })],
    [3, () => ({ ...there, do: 'state' })],
    [0.3, () => ({ ...here, do: 'close' })],
    [0.3, () => ({ ...there, do: 'close' })],
    [0.1, () => ({ ...here, do: 'abort' })],
  ])();
}

/** Some streams are longer than the credit that they start with. */
function streamOf(random: Random, mayFail: boolean): StreamStep {
  const count = random.weighted([
    [6, random.int(0, 20)],
    [1, random.int(20, 300)],
    [0.5, random.int(300, 700)],
  ]);
  return {
    do: 'stream',
    shape: random.pick(['replies', 'requests', 'both']),
    count,
    ...(random.chance(0.2) && { leaveAfter: random.int(1, count + 1) }),
    ...(mayFail && random.chance(0.2) && { failAfter: random.int(1, count + 1) }),
  };
}

function extraOf(random: Random, kind: 'one-way' | 'call' | 'callback'): Extra {
  return {
    ...(random.chance(0.3) && { slow: random.skewed(3_000) }),
    ...(kind !== 'callback' && random.chance(0.4) && { back: random.int(1, 5) }),
    ...(kind !== 'callback' && random.chance(0.2) && { state: true }),
    ...(random.chance(0.1) && { timeout: random.int(1, 2_000) }),
    ...(random.chance(0.1) && { cancel: random.skewed(2_000) }),
  };
}

function hearingOf(random: Random): Hearing {
  const one = (): number | null =>
    random.weighted([
      [6, random.int(0, 50)],
      [2, random.int(50, 3_000)],
      [1, null],
    ]);
  return { client: one(), server: one() };
}

function faultOf(random: Random, clients: number, horizonMs: number, closesAt: number | undefined): Fault {
  // Closing takes a moment only, so what goes wrong meanwhile has to be aimed at it.
  const atTheEnd = closesAt !== undefined && random.chance(0.25);
  const wanted = atTheEnd ? closesAt + random.int(0, 150) : timeIn(random, horizonMs);
  // From the horizon on the network heals, and nothing may go wrong any more.
  const at = Math.min(horizonMs - 1, wanted);
  const on = `c${random.int(0, clients - 1)}`;
  const up = random.chance(0.5);
  const hears = hearingOf(random);
  const forMs = random.weighted([
    [3, random.int(1, 300)],
    [3, random.int(300, 5_000)],
    [1, random.int(5_000, 20_000)],
  ]);
  const afterBytes = random.weighted([
    [2, 0],
    [3, random.int(1, 200)],
    [1, random.int(200, 5_000)],
  ]);
  return random.weighted<() => Fault>([
    [6, () => ({ at, on, fault: 'cut', afterBytes, up, hears })],
    [4, () => ({ at, on, fault: 'cut-next', afterBytes, up, hears, times: random.int(1, 3) })],
    [2, () => ({ at, on, fault: 'half-cut', up })],
    [1, () => ({ at, on, fault: 'black-hole' })],
    [2, () => ({ at, on, fault: 'stall', up, forMs })],
    [2, () => ({ at, on: random.chance(0.5) ? on : 'S', fault: 'freeze', forMs })],
    [1, () => ({ at, on, fault: 'refuse', forMs })],
    [0.7, () => ({ at, on, fault: 'hang', forMs })],
    [
      2,
      () => ({
        at,
        on,
        fault: 'haunt',
        back: random.int(0, 3),
        forged: random.chance(0.3),
        lifeMs: random.skewed(5_000),
        hears,
      }),
    ],
    [0.4, () => ({ at, on: 'S', fault: 'restart', forMs: random.skewed(3_000), hears })],
    [0.2, () => ({ at, on, fault: 'kill', hears })],
  ])();
}
