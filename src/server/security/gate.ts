import { faultFrom } from '../../calls/faults.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import type { Credentials } from '../../gen/duplex/v1/session.js';
import type { IncomingCarrier } from '../../transport/carrier.js';
import type { Clock } from '../../transport/clock.js';
import type { ResolvedHostOptions } from '../options.js';
import type { Principal } from './principal.js';

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
      .then(
        (principal) => checkPrincipal(principal, clock),
        (thrown: unknown) => {
          throw this.#told(thrown);
        },
      );
  }

  /** Throws PERMISSION_DENIED if the principal may not invoke the operation. */
  check(principal: Identified, operation: string): void {
    const { authorize } = this.#host;
    if (authorize === undefined || authorize({ principal, contract: this.#contract, operation })) return;
    throw new Fault(Code.PERMISSION_DENIED, `${operation} is not permitted`);
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

function checkPrincipal(principal: Principal | undefined, clock: Clock): Principal {
  if (principal === undefined || principal === null) throw unauthenticated('the credentials are missing or wrong');
  const { expiresAt } = principal;
  if (expiresAt !== undefined && expiresAt.getTime() <= clock.date())
    throw unauthenticated('the credentials have expired');
  return principal;
}

function unauthenticated(message: string): DuplexError {
  return new DuplexError('refused', message, { code: Code.UNAUTHENTICATED });
}
