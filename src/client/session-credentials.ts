import type { Peer } from '../calls/peer.js';
import { Code, DuplexError, textOf } from '../errors.js';

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

  /**
   * `report` hears why the service did not get what it wanted while the session
   * is open. Throws INVALID_ARGUMENT for a source that is none.
   */
  constructor(source: SessionCredentialsSource, report: (error: DuplexError) => void) {
    this.#source = typeof source === 'function' ? source : always(checked(source));
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
      .then(checked)
      .then(
        ({ scheme, value }) => answer(() => session.controls.show({ scheme, value: bytesOf(value) })),
        (thrown: unknown) => {
          const text = `no credentials for the session: ${textOf(thrown)}`;
          const error = new DuplexError('unavailable', text, { cause: thrown });
          // Without its Hello a carrier is good for nothing; an open session has its old credentials until they end.
          answer(() => (isOpen ? this.#report(error) : driver.drop(error)));
        },
      );
  }
}

/** Returns credentials as they are. Throws INVALID_ARGUMENT, which never shows them, for what is none. */
function checked(given: SessionCredentials): SessionCredentials {
  const { scheme, value } = (given ?? {}) as { readonly [Name in keyof SessionCredentials]?: unknown };
  const isValue = typeof value === 'string' || value instanceof Uint8Array;
  if (typeof scheme === 'string' && isValue) return given;
  const message = "sessionCredentials are { scheme, value }: a text such as 'bearer', and a text or bytes";
  throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}

function always<Value>(value: Value): () => Value {
  return () => value;
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value;
}
