import { DuplexError } from '../errors.js';
import type { Credentials, Hello, Marks, Welcome } from '../gen/duplex/v1/session.js';
import { Backoff } from './backoff.js';
import { helloFor, type Issuer, type SessionIdentity, welcomeFor } from './handshake.js';
import type { Receipts } from './receiving/receipts.js';
import type { Outbox } from './sending/outbox.js';
import type { SessionOptions } from './session-options.js';
import { defaultTerms, termsOf } from './terms.js';

const noBytes = new Uint8Array(0);

const UNANSWERED = 'sessionCredentials has not answered';

/** The marks of a client that received nothing and sent nothing. */
const noMarks: Marks = Object.freeze({ received: 0, first: 1, last: 0 });

/**
 * What a session needs to go on over another carrier: who it is, which attempt
 * this is, and the marks by which both sides find where they stand.
 * Source: PROTOCOL.md, section 8.
 */
export class Resumption {
  /** How long the session outlives its carrier, as both sides agreed; 0: not at all. */
  ttlMs = 0;
  /** Client: when to dial again; Infinity while there is no need. */
  redialAt = Number.POSITIVE_INFINITY;
  /** The highest attempt said, or heard of. */
  attempt = 0;
  /** Client: what it was given. */
  identity: SessionIdentity | undefined;
  /** Service: who gives that. */
  #issuer: Issuer | undefined;
  #epoch = 0;
  /** Client: why there is no carrier that works, as far as that is known. */
  #failure: string | undefined;
  /** Client only. */
  #backoff: Backoff | undefined;
  readonly #openNonce: Uint8Array;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #controls: { readonly awaitsCredentials: boolean };

  constructor(
    options: SessionOptions,
    outbox: Outbox,
    receipts: Receipts,
    controls: { readonly awaitsCredentials: boolean },
  ) {
    this.#options = options;
    this.#outbox = outbox;
    this.#receipts = receipts;
    this.#controls = controls;
    this.#openNonce = options.role === 'client' ? options.randomBytes(16) : noBytes;
  }

  /** Client: an attempt failed, or the carrier broke. The service's word on when to try again wins. */
  tryAgain(
    { message, retryAfterMs }: { readonly message: string; readonly retryAfterMs?: number | undefined },
    now: number,
  ): void {
    const { backoff, random } = this.#options;
    this.#failure = message;
    this.#backoff ??= new Backoff(backoff, random);
    this.redialAt = now + (retryAfterMs ?? this.#backoff.nextMs());
  }

  /** An attempt led to a carrier that works. */
  succeeded(): void {
    this.#failure = undefined;
    this.#backoff?.reset();
  }

  /** Client: what stands between it and an open session, as far as that is known. */
  get obstacle(): string | undefined {
    return this.#controls.awaitsCredentials ? UNANSWERED : this.#failure;
  }

  /** A session has not come about in time. */
  notOpened(): DuplexError {
    return new DuplexError('timeout', this.#inVain(`no session within ${this.#options.openTimeoutMs} ms`));
  }

  /** It has not come back in time. */
  notResumed(): DuplexError {
    return new DuplexError('lost', this.#inVain(`the connection did not come back within ${this.ttlMs} ms`));
  }

  /** Nothing comes over a carrier any more, or has come yet. */
  silenced(): DuplexError {
    // A peer that has heard nothing has nothing to say.
    return new DuplexError('lost', this.#controls.awaitsCredentials ? UNANSWERED : 'the peer does not answer any more');
  }

  #inVain(end: string): string {
    return this.obstacle === undefined ? end : `${end}: ${this.obstacle}`;
  }

  /** The client's first words on each carrier, with who it is if it shows that in the session. */
  nextHello(credentials: Credentials | undefined): Hello {
    this.attempt += 1;
    const { contract, terms } = this.#options;
    return helloFor(contract, this.#openNonce, this.attempt, terms, this.identity, this.#marks(), credentials);
  }

  /** Takes the first Hello of a client. */
  greetedWith({ attempt, terms }: Hello): void {
    this.attempt = attempt;
    this.ttlMs = Math.min(this.#options.terms.ttlMs, termsOf(terms).ttlMs || defaultTerms.ttlMs);
  }

  /** Takes what a Welcome says. */
  welcomedWith({ sessionId, token, epoch, terms }: Welcome): void {
    this.identity = { sessionId, token, epoch };
    this.ttlMs = terms?.ttlMs ?? 0;
  }

  /** The service's answer to the first Hello. */
  openingWelcome(issuer: Issuer): Welcome {
    this.#issuer = issuer;
    return this.#welcome(issuer);
  }

  /** Whether the service may go on with a client that says this: a Hello that came late changes nothing. */
  isNews({ attempt }: Hello): boolean {
    return attempt > this.attempt;
  }

  /**
   * The service's answer to a Hello that resumes, after which the outbox
   * stands where the client is; undefined if their marks do not fit. A Hello
   * without a session id comes from a client whose first Welcome was lost.
   */
  resumingWelcome(hello: Hello): Welcome | undefined {
    this.attempt = hello.attempt;
    const reopens = hello.sessionId.length === 0;
    if (!this.matches(reopens ? noMarks : hello.marks)) return undefined;
    return this.#welcome(this.#issuer as Issuer, reopens ? undefined : this.#marks());
  }

  #welcome(issuer: Issuer, marks?: Marks): Welcome {
    this.#epoch += 1;
    const identity = { sessionId: issuer.sessionId, token: issuer.issueToken(), epoch: this.#epoch };
    return welcomeFor(identity, { ...this.#options.terms, ttlMs: this.ttlMs }, marks);
  }

  /** Whether the peer's marks fit this side's; if so, the outbox stands where the peer is. */
  matches(marks: Marks | undefined): boolean {
    if (marks === undefined) return false;
    const { received } = this.#receipts;
    return marks.first <= received + 1 && marks.last >= received && this.#outbox.rewind(marks.received);
  }

  #marks(): Marks {
    const { firstKept: first, lastSeq: last } = this.#outbox;
    return { received: this.#receipts.received, first, last };
  }
}
