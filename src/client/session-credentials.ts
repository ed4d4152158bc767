import type { Peer } from '../calls/peer.js';
import { DuplexError, textOf } from '../errors.js';

/** Who a client is, as it says in its session. */
export interface SessionCredentials {
  /** How to read the value: `bearer` for a bearer token. */
  readonly scheme: string;
  /** The secret: a text, sent in UTF-8, or bytes. */
  readonly value: string | Uint8Array;
}

/** Credentials of a session: as they are, or from a function. */
export type SessionCredentialsSource =
  | SessionCredentials
  | (() => SessionCredentials | PromiseLike<SessionCredentials>);

/**
 * Asks the application for its credentials whenever its session has to show
 * some: before each Hello, and when the service wants fresh ones. Of several
 * questions the last counts, for the others belong to carriers that are gone.
 */
export class CredentialsDesk {
  #question: object | undefined;
  readonly #source: () => SessionCredentials | PromiseLike<SessionCredentials>;
  readonly #report: (error: DuplexError) => void;

  /** `report` hears why the service did not get what it wanted while the session is open. */
  constructor(source: SessionCredentialsSource, report: (error: DuplexError) => void) {
    this.#source = typeof source === 'function' ? source : () => source;
    this.#report = report;
  }

  /** The session wants to show who the client is. */
  wanted({ session, driver }: Pick<Peer<unknown>, 'session' | 'driver'>): void {
    const isOpen = session.state === 'open';
    // A service that asks again and again is told once.
    if (isOpen && this.#question !== undefined) return;
    const question = {};
    this.#question = question;
    const answer = (take: () => void): void => {
      if (this.#question !== question) return;
      this.#question = undefined;
      take();
    };
    Promise.resolve()
      .then(this.#source)
      .then(
        ({ scheme, value }) => answer(() => session.controls.show({ scheme, value: bytesOf(value) })),
        (thrown: unknown) => {
          const error = new DuplexError('unavailable', `no credentials for the session: ${textOf(thrown)}`, {
            cause: thrown,
          });
          // Without its Hello a carrier is good for nothing; an open session has its old credentials until they end.
          answer(() => (isOpen ? this.#report(error) : driver.drop(error)));
        },
      );
  }
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value;
}
