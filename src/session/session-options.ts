import type { DuplexError } from '../errors.js';
import type { Credentials, Grant, Hello } from '../gen/duplex/v1/session.js';
import type { FrameDecoder, ReceivedItem } from '../wire/frame-decoder.js';
import type { BackoffOptions } from './backoff.js';
import type { HeldBytes } from './sending/held-bytes.js';
import type { WaitingLineLimits } from './sending/waiting-line.js';
import type { SessionEnd } from './session-end.js';
import type { StateInput, StateName } from './states.js';
import type { SessionTerms } from './terms.js';

/** What a session has to know from the start. Times are milliseconds. */
export interface SessionOptions {
  readonly role: 'client' | 'service';
  /** Full name of the service contract. */
  readonly contract: string;
  /** What a client asks for; a service takes what its client speaks. */
  readonly level: 'session' | 'plain';
  /** What this side accepts; `ttlMs` is how long it keeps a session whose carrier broke. */
  readonly terms: SessionTerms;
  readonly waiting: WaitingLineLimits;
  /** What all sessions of a host may hold together. Default: no bound but each one's own. */
  readonly heldBytes?: HeldBytes | undefined;
  /** Decoders for whichever session takes a frame: one that rests has none, which saves 200 bytes in it. Default: its own. */
  readonly decoders?: FrameDecoder[];
  /** How long the peer may take to open the session. */
  readonly openTimeoutMs: number;
  /** Client: whether a first attempt to connect that fails is repeated, within the open time-out. */
  readonly retryOpen: boolean;
  /** Client: whether it shows credentials in its Hellos, which then wait for them. Default: false. */
  readonly showsCredentials?: boolean;
  /** How long closing in order may take before the session is cut. */
  readonly closeTimeoutMs: number;
  /** Client: how attempts to connect are spaced. */
  readonly backoff: BackoffOptions;
  /** `length` unpredictable bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** A number from 0 up to, not including, 1; for jitter only. */
  readonly random: () => number;
  /** Hears of every change of state: for simulations, which report the transitions that they visited. */
  readonly onMove?: (from: StateName, input: StateInput, to: StateName) => void;
}

/** What a session tells whoever drives calls over it. None of these may throw. */
export interface SessionListener {
  /** Service only: a client wants in, by a Hello or plainly. Answered by `accept` or `refuse`, at once or later. */
  opening(hello: Hello | undefined): void;
  /** Frames may be exchanged now. Comes once. */
  opened(): void;
  /** Service: the client showed that it has the token of the last Welcome. */
  confirmed(): void;
  /** Client: says by `show` who it is, at once or later: a Hello waits for that, or the service wants it anew. */
  credentialsWanted(): void;
  /** Service: the client says anew who it is. */
  credentials(shown: Credentials): void;
  /** The carrier broke; the session goes on as soon as there is another one. */
  suspended(error: DuplexError): void;
  /** It goes on. */
  resumed(): void;
  /** An item arrived in turn. True if it was dispatched; false if it waits, until `release`. */
  item(item: ReceivedItem): boolean;
  /** The peer lets this side send more items of a stream. */
  credit(grant: Grant): void;
  /** Items of streams that were not taken may be offered again. */
  room(): void;
  /** The peer, or this side, asked to close in order: no new calls from now on. */
  closing(end: SessionEnd): void;
  /** The session is over; nothing comes after this. */
  closed(end: SessionEnd): void;
  /** Whether no call is running, held or awaited, so that a closing session may end. */
  isIdle(): boolean;
  /** Whether an answer of the peer is awaited. */
  awaitsPeer(): boolean;
  /** There may be something to poll. */
  wake(): void;
}

/** What shall become of the carrier once everything polled is written. */
export type Departure =
  | { readonly how: 'half-close' }
  | { readonly how: 'end'; readonly error?: DuplexError }
  | { readonly how: 'cancel' };
