import type { Pair } from './measuring/pair.mjs';

/** What a receiver counted: how many messages, and the sum of what was in them. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
}

/** What a case may ask of a peer's client. A peer has the ones that its users would have. */
export interface Abilities {
  /**
   * Sends one-way messages with the values 0 … count - 1 and obeys
   * backpressure. Resolves with what the server has counted since the last
   * time, when all of them have reached its handler.
   */
  sendTicks(count: number): Promise<Tally>;
  /** Has the server send as many one-way messages, with the same values; resolves with what was counted here. */
  receiveTicks(count: number): Promise<Tally>;
  /** Sends a value and resolves with the reply, which holds value + 1. Any number may be in flight. */
  increment(value: number): Promise<{ readonly value: number }>;
  /** Reads a stream of so many items, 0 … count - 1, from the server. */
  countUp(count: number): Promise<Tally>;
  /** As `sendTicks`, with so many bytes of ballast in each message. */
  haul(count: number, bytes: number): Promise<Tally>;
  /** Connects anew and has the server send one message. Resolves when it is there, with what closes the connection. */
  firstCallback(): Promise<() => Promise<void>>;
  /** Connects anew to a service that speaks first; resolves as `firstCallback` does. */
  firstGreeting(): Promise<() => Promise<void>>;
  /** Opens so many further connections, each with a session or stream that was used once, and keeps them. */
  openIdle(count: number): Promise<void>;
  /**
   * Has the server send `count` messages to each of so many connections, in
   * bursts; resolves when all are here. Connections are kept for the next time.
   */
  broadcast(connections: number, count: number, burst: number): Promise<void>;
  /** As `sendTicks`, spread over so many connections, which are kept. */
  sendTicksOver(connections: number, count: number): Promise<Tally>;
  /**
   * One-way messages of so many connections, all of which send as fast as
   * backpressure lets them: how many a second the service counts in `ms`, once
   * that has been going on for `rampMs`.
   */
  sendTicksFor(connections: number, rampMs: number, ms: number): Promise<number>;
  /** Writes so many envelopes with the values 0 … count - 1 into memory, and reads them again. */
  recode(count: number): Promise<Tally>;
  /**
   * Calls over all but one of so many connections, one at a time over each,
   * while the service calls all of them back; the last one stalls if asked to.
   * Resolves with the 99th percentile of the calls' times in µs.
   */
  callAmong(connections: number, stalled: number, count: number): Promise<number>;
  /** Cuts the connection and resolves, when a call is answered again, with how many milliseconds that took. */
  resumeAfterCut(): Promise<number>;
}

export type Ability = keyof Abilities;

/** What a case needs of a peer. */
export type Need = Ability | 'firstReply';

/** The client of one peer, connected. */
export type BenchClient = Partial<Abilities> & {
  /** Runs a whole race, and checks it: for a client that is a program of its own. */
  runCase?(name: string, count: number): Promise<Readonly<Record<string, number>>>;
  /** Resolves with what else there is to report. */
  close(): Promise<string | void> | void;
};

/**
 * One way to do what the cases ask for: this library, or what it is compared
 * with. `server` and `client` run in processes of their own.
 */
export interface Peer {
  /** As the tables name it. */
  readonly name: string;
  /** Makes it ready to run, in whatever takes part in it; resolves with what is in the way if that cannot be done here. */
  prepare?(): Promise<string | undefined>;
  /** Takes part only in a run with `--checked`. */
  readonly onlyIfAsked?: boolean;
  /** Which cases it takes part in: those that need one of these. */
  readonly abilities: readonly Need[];
  /** Starts to serve and returns the address for `client`. */
  server(): Promise<string>;
  client(address: string): Promise<BenchClient>;
  /** The least with which a client gets a call answered: its process is new, and is measured as a whole. */
  firstReply?(address: string): Promise<void>;
}

/** What a figure has to reach, as ratio of ours to a peer's; `atMostMore` as what ours is above it. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number } | { readonly atMostMore: number };

/** One figure of a case, and one line of the JSON output. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Targets by the name of the peer; a peer without one is shown for comparison. */
  readonly targets: Readonly<Record<string, Bound>>;
  /** What it is in the words of the README, where it stands in the short table. */
  readonly headline?: string;
  /** What ours has to stay below, whatever the peers do. */
  readonly below?: number;
}

/** How long to measure; see measure.mjs. */
export interface Plan {
  readonly generations: number;
  readonly rounds: number;
  readonly repeats: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
  /** Whether peers are left out that no figure has a target for. */
  readonly onlyTargets: boolean;
  /** How long the case `soak` takes. */
  readonly soakMs: number;
}

/** Something to measure. */
export type Case = Race | Probe;

interface AnyCase {
  readonly name: string;
  readonly needs: Need;
  readonly figures: readonly Figure[];
  /** Only if it is asked for by name. */
  readonly onDemand?: boolean;
}

/** A case that has its own way to measure. */
export interface Probe extends AnyCase {
  /** Rounds by the name of the peer, of those in `names` and of whatever else it compares. */
  measure(names: readonly string[], plan: Plan): Promise<ReadonlyMap<string, Rounds>>;
  /** Does the same for about so long with nothing measured, for a profile; one that cannot has none. */
  load?(pair: Pair, ms: number): Promise<unknown>;
}

/** A case in which peers do the same as fast as they can. */
export interface Race extends AnyCase {
  /** What warms a client up faster than the case itself would; half of the time goes to it. */
  warmUp?(client: Required<BenchClient>, count: number): Promise<unknown>;
  /** Sends `count` messages and returns its figures by name. Throws if not every message arrived. */
  run(client: Required<BenchClient>, count: number): Promise<Readonly<Record<string, number>>>;
}

/** What one peer reached: a value for each round, by the name of the figure. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

/** All peers' rounds of one case, by the name of the peer. */
export interface Measurement {
  readonly of: Case;
  readonly peers: ReadonlyMap<string, Rounds>;
  /** What peers had to say in the end. */
  readonly remarks: readonly string[];
}

/** One figure of one case, as it is printed and written: medians of all rounds. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Ours divided by the peer's. */
  readonly ratios: Readonly<Record<string, number>>;
  /** How far the rounds lie apart, as parts of the median; by name, ours included. */
  readonly spreads: Readonly<Record<string, number>>;
  /** Each target by the name of the peer; that of ours alone has no name. */
  readonly targets: Readonly<Record<string, { readonly text: string; readonly pass: boolean }>>;
  readonly target: string;
  readonly pass: boolean;
}

/** What stands in docs/performance.json, and in tables in the README and in docs/performance.md. */
export interface Results {
  readonly machine: string;
  readonly rows: readonly Row[];
}
