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
}

export type Ability = keyof Abilities;

/** The client of one peer, connected. */
export type BenchClient = Partial<Abilities> & { close(): Promise<void> | void };

/**
 * One way to do what the cases ask for: this library, or what it is compared
 * with. `server` and `client` run in processes of their own.
 */
export interface Peer {
  /** As the tables name it. */
  readonly name: string;
  /** Which cases it takes part in: those that need one of these. */
  readonly abilities: readonly Ability[];
  /** Starts to serve and returns the address for `client`. */
  server(): Promise<string>;
  client(address: string): Promise<BenchClient>;
}

/** What a figure has to reach, as ratio of ours to a peer's. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** One figure of a case, and one line of the JSON output. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Targets by the name of the peer; a peer without one is shown for comparison. */
  readonly targets: Readonly<Record<string, Bound>>;
}

/** Something to measure. */
export interface Case {
  readonly name: string;
  readonly needs: Ability;
  readonly figures: readonly Figure[];
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
}

/** One figure of one case, as it is printed and written. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Ours divided by the peer's. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly target: string;
  readonly pass: boolean;
}
