import { beforeHandler, faultFrom } from '../../calls/faults.js';
import { badOption } from '../../calls/resolve-options.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import type { Credentials } from '../../gen/duplex/v1/session.js';
import { isPromiseLike } from '../../observability/hook.js';
import type { IncomingCarrier } from '../../transport/carrier.js';
import type { Clock } from '../../transport/clock.js';
import type { ResolvedHostOptions } from '../options.js';
import { type Principal, principalOf } from './principal.js';

/** Metadata of a stream beyond these is nothing that credentials need. */
const MAX_HEADER_BYTES = 8_192;
const MAX_HEADERS = 64;

/** What a client shows by its connection, be it with a stream or a plain call. */
export type Caller = Pick<IncomingCarrier, 'peer' | 'headers' | 'certificate'>;
type Identified = Principal | undefined;

/** Lets clients of one contract in by what they show, and to the operations that they may invoke. */
export class Gate {
  readonly #contract: string;
  readonly #host: ResolvedHostOptions;

  constructor(contract: string, host: ResolvedHostOptions) {
    this.#contract = contract;
    this.#host = host;
  }

  /** Whether anybody asks who clients are. */
  get asks(): boolean {
    return this.#host.authenticate !== undefined;
  }

  /** Who the client is; undefined where nobody asks. Throws, or rejects, with what the client is told. */
  identify(caller: Caller, credentials: Credentials | undefined): Identified | Promise<Identified> {
    const { authenticate, clock } = this.#host;
    if (authenticate === undefined) return undefined;
    const { peer, headers = new Map<string, string>(), certificate } = caller;
    checkHeaders(headers);
    const request = { contract: this.#contract, peer, headers, certificate, credentials };
    return Promise.resolve()
      .then(() => authenticate(request))
      .then(principalOf)
      .then(
        (principal) => stillGood(principal, clock),
        (thrown: unknown) => {
          throw this.#told(thrown);
        },
      );
  }

  /**
   * Throws, or rejects, with PERMISSION_DENIED if the principal may not invoke
   * the operation. Undefined if it may, and that is known at once.
   */
  check(principal: Identified, operation: string): undefined | Promise<undefined> {
    const { authorize } = this.#host;
    if (authorize === undefined) return undefined;
    return beforeHandler(() => {
      const verdict = authorize({ principal, contract: this.#contract, operation });
      if (!isPromiseLike(verdict)) return enforce(verdict, operation);
      return Promise.resolve(verdict).then((later) => enforce(later, operation));
    });
  }

  /** What the client may know of an error of `authenticate`; the rest is reported. */
  #told(thrown: unknown): DuplexError {
    const { includeErrorDetail, onError } = this.#host;
    const { fault, error } = faultFrom(thrown, { includeErrorDetail, newErrorId: () => crypto.randomUUID() });
    if (error !== thrown) onError(error, { contract: this.#contract, method: undefined });
    return new DuplexError('refused', fault.message, { code: fault.code as Code });
  }
}

function checkHeaders(headers: ReadonlyMap<string, string>): void {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  if (headers.size <= MAX_HEADERS && bytes <= MAX_HEADER_BYTES) return;
  const message = `the metadata is over ${MAX_HEADERS} entries or ${MAX_HEADER_BYTES} bytes`;
  throw new DuplexError('refused', message, { code: Code.RESOURCE_EXHAUSTED });
}

function stillGood(principal: Identified, clock: Clock): Principal {
  if (principal === undefined) throw unauthenticated('the credentials are missing or wrong');
  const { expiresAt } = principal;
  if (expiresAt !== undefined && expiresAt.getTime() <= clock.date())
    throw unauthenticated('the credentials have expired');
  return principal;
}

/** What is neither true nor false is a mistake, and permits nothing. */
function enforce(verdict: unknown, operation: string): undefined {
  if (verdict === true) return undefined;
  if (verdict !== false)
    throw badOption(`what authorize returned for ${operation}`, verdict, 'true or false, or a promise of one of them');
  throw new Fault(Code.PERMISSION_DENIED, `${operation} is not permitted`, [], { executed: 'no' });
}

function unauthenticated(message: string): DuplexError {
  return new DuplexError('refused', message, { code: Code.UNAUTHENTICATED });
}
