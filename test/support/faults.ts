/** Which ways a fault works: `up` is from the client to the service. */
export interface Directions {
  readonly up?: boolean;
  readonly down?: boolean;
}

export const bothWays: Directions = Object.freeze({ up: true, down: true });

/** What one direction of a connection does to the bytes on it. */
export interface Weather {
  /** Nothing arrives, not even that the other side is gone; the sender is not slowed down and learns nothing. */
  readonly held: boolean;
  /** Nothing is read, so that the sender's buffers fill; a reset still gets through. */
  readonly stalled: boolean;
  readonly bytesPerSecond: number;
  readonly delayMs: number;
}

export const fairWeather: Weather = Object.freeze({
  held: false,
  stalled: false,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  delayMs: 0,
});

/** One thing that happens to the connections of a proxy. Times are milliseconds. */
export type Fault =
  | { readonly kind: 'reset' | 'end' }
  | { readonly kind: 'refuse'; readonly forMs: number }
  | { readonly kind: 'corrupt'; readonly directions: Directions }
  | { readonly kind: 'blackhole' | 'stall'; readonly directions: Directions; readonly forMs: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number; readonly forMs: number }
  | { readonly kind: 'delay'; readonly delayMs: number; readonly forMs: number };

/** Numbers from 0 up to, not including, 1; the same seed gives the same ones. Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kinds of faults and how often each comes; the shares need not add up to anything. */
export type FaultMix = Readonly<Partial<Record<Fault['kind'], number>>>;

/**
 * Mostly plain cuts, and some of everything else. Corruption is not among it:
 * without TLS nothing can tell a changed message from a meant one.
 */
export const usualMix: FaultMix = Object.freeze({
  reset: 10,
  end: 5,
  refuse: 1,
  blackhole: 1,
  stall: 1,
  slow: 1,
  delay: 1,
});

/** The next fault of a random sequence. */
export function drawFault(random: () => number, mix: FaultMix = usualMix): Fault {
  const forMs = 20 + Math.floor(random() * 130);
  const directions = [bothWays, { up: true }, { down: true }][Math.floor(random() * 3)] as Directions;
  const kind = drawKind(random, mix);
  switch (kind) {
    case 'blackhole':
    case 'stall':
      return { kind, directions, forMs };
    case 'corrupt':
      return { kind, directions };
    case 'refuse':
      return { kind, forMs };
    case 'slow':
      return { kind, bytesPerSecond: 2_000 + Math.floor(random() * 20_000), forMs };
    case 'delay':
      return { kind, delayMs: 1 + Math.floor(random() * 50), forMs };
    default:
      return { kind };
  }
}

function drawKind(random: () => number, mix: FaultMix): Fault['kind'] {
  const shares = Object.entries(mix) as [Fault['kind'], number][];
  let rest = random() * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [kind, share] of shares) {
    rest -= share;
    if (rest < 0) return kind;
  }
  return 'reset';
}
