import { declaredDetails, faultFrom } from '../../calls/faults.js';
import { IncomingCall } from '../../calls/incoming/call.js';
import { aroundHandler, type Handle, withMessages } from '../../calls/interceptors/compose.js';
import { keepsContext, runInContext } from '../../calls/operation-context.js';
import type { AnyContract, Contract, MethodInfo } from '../../contract/contract.js';
import type { Init } from '../../contract/message-codec.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import { logRefusal } from '../../observability/session-log.js';
import type { PlainCaller, PlainMethod } from '../../transport/grpc/plain-methods.js';
import type { Admission } from '../admission/admission.js';
import type { Instances } from '../instances.js';
import type { ResolvedHostOptions } from '../options.js';
import { Outstanding } from '../outstanding.js';
import type { Gate } from '../security/gate.js';
import type { Principal } from '../security/principal.js';
import type { ServiceHandler, ServiceSession } from '../service-types.js';
import { PlainSession } from './plain-session.js';

const NO_BYTES = new Uint8Array(0);

/** The host, and who rules over it. */
interface PlainCallsHost {
  readonly host: ResolvedHostOptions;
  readonly gate: Gate;
  readonly admission: Admission;
}

type Handler<Operations, Callbacks, State> = ServiceHandler<Operations, Callbacks, State>;

/**
 * The rpcs of a contract as a gRPC client knows them that has never heard of
 * sessions: a contract whose session is ALLOWED, or NOT_ALLOWED, answers its
 * unary rpcs so; what it cannot answer says where to go. Each call is a session
 * of its own as far as instances are concerned.
 */
export class PlainCalls<Operations, Callbacks, State> {
  readonly #running = new Outstanding();
  #isStopping = false;
  readonly #contract: Contract<Operations, Callbacks, State>;
  readonly #instances: Instances<ServiceSession<Callbacks, State>, Handler<Operations, Callbacks, State>>;
  readonly #initialState: Init<State> | undefined;
  readonly #host: ResolvedHostOptions;
  readonly #gate: Gate;
  readonly #admission: Admission;
  readonly #handle: Handle<ServiceSession<Callbacks, State>>;
  readonly #newErrorId = (): string => crypto.randomUUID();

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    instances: Instances<ServiceSession<Callbacks, State>, Handler<Operations, Callbacks, State>>,
    initialState: Init<State> | undefined,
    { host, gate, admission }: PlainCallsHost,
  ) {
    this.#contract = contract;
    this.#instances = instances;
    this.#initialState = initialState;
    this.#host = host;
    this.#gate = gate;
    this.#admission = admission;
    const handle = aroundHandler<ServiceSession<Callbacks, State>>(host.interceptors, (method, request, call) =>
      this.#run(method, request, call),
    );
    const inContext = keepsContext(host.operationContext, contract);
    this.#handle = inContext ? (...invocation) => runInContext({ handle }, ...invocation) : handle;
  }

  /** What to register at a server. */
  get methods(): readonly PlainMethod[] {
    return withMessages(this.#host.interceptors, this.#contract.operations).map((method) => {
      const path = `/${this.#contract.name}/${method.name}`;
      const objection = objectionTo(this.#contract, method);
      if (objection !== undefined) return { path, kind: 'refused', shape: method.shape, error: objection };
      return { path, kind: 'unary', answer: (request, caller) => this.#answer(method, request, caller) };
    });
  }

  /** Takes no more calls, and waits for those that run, until the clock is at `byMs`. */
  async stop(byMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#running.over(this.#host.clock, byMs);
  }

  async #answer(method: MethodInfo, bytes: Uint8Array, caller: PlainCaller): Promise<Uint8Array> {
    if (this.#isStopping) throw new DuplexError('unavailable', 'the host is stopping');
    this.#admission.beginCall();
    this.#running.begin();
    try {
      const principal = await this.#identify(caller);
      return await this.#serve(method, bytes, caller, principal);
    } finally {
      this.#admission.endCall();
      this.#running.end();
    }
  }

  async #identify(caller: PlainCaller): Promise<Principal | undefined> {
    try {
      return await this.#gate.identify(caller, undefined);
    } catch (error) {
      const { name: contract } = this.#contract;
      logRefusal(this.#host.logger, { side: 'service', contract, peer: caller.peer }, DuplexError.from(error));
      throw error;
    }
  }

  async #serve(
    method: MethodInfo,
    bytes: Uint8Array,
    caller: PlainCaller,
    principal: Principal | undefined,
  ): Promise<Uint8Array> {
    const { clock } = this.#host;
    const report = (error: DuplexError): void => void this.#report(error, method);
    const session = new PlainSession(this.#contract, this.#initialState, { peer: caller.peer, principal }, report);
    const item = { callId: 1, timeoutMs: caller.timeoutMs, byteLength: bytes.length };
    const call = new IncomingCall<ServiceSession<Callbacks, State>>(session, method.localName, item, 0, clock);
    caller.onCancelled(() => call.abort(new DuplexError('cancelled', 'the caller cancelled', { origin: 'remote' })));
    try {
      const reply = await this.#handle(method, read(method, bytes), call);
      return method.reply?.encode(method.reply.fromPartial((reply ?? {}) as object)).finish() ?? NO_BYTES;
    } catch (thrown) {
      throw this.#told(method, thrown, call.isAborted);
    } finally {
      call.end();
      session.end();
    }
  }

  async #run(
    method: MethodInfo,
    request: unknown,
    call: IncomingCall<ServiceSession<Callbacks, State>>,
  ): Promise<unknown> {
    await this.#gate.check(call.session.principal as Principal | undefined, method.name);
    const handler = await this.#instances.enter(call.session);
    try {
      return await this.#instances.run(handler, method, request, call);
    } finally {
      await this.#instances.leave(handler);
    }
  }

  /** What the caller is told of what was thrown. */
  #told(method: MethodInfo, thrown: unknown, isAborted: boolean): DuplexError {
    const { includeErrorDetail } = this.#host;
    const { fault, error } = faultFrom(thrown, { includeErrorDetail, newErrorId: this.#newErrorId });
    const replacement = error === thrown || isAborted ? undefined : this.#report(error, method);
    if (replacement instanceof Fault) return replacement;
    return new Fault(
      fault.code as Code,
      fault.message,
      declaredDetails(method, fault.details, (stray) => void this.#report(stray, method)),
    );
  }

  #report(error: DuplexError, { localName }: MethodInfo): unknown {
    return this.#host.onError(error, { contract: this.#contract.name, method: localName });
  }
}

function read(method: MethodInfo, bytes: Uint8Array): unknown {
  try {
    return method.request.decode(bytes);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(Code.INVALID_ARGUMENT, `not a ${method.request.$type}`);
  }
}

/** Why an rpc cannot be called without a session; undefined if it can. */
function objectionTo(
  { name, wireName, session }: AnyContract,
  { name: rpc, shape }: MethodInfo,
): DuplexError | undefined {
  const connect = `/${wireName}/Connect`;
  if (session === 'required') {
    const message = `${name} needs a session: call ${rpc} within one that is opened by ${connect}`;
    return new DuplexError('refused', message, { code: Code.FAILED_PRECONDITION });
  }
  if (shape === 'one-way' || shape === 'request-reply') return undefined;
  const message = `${name} answers only unary rpcs without a session${session === 'allowed' ? `: call ${rpc} within one that is opened by ${connect}` : ''}`;
  return new DuplexError('refused', message, { code: Code.UNIMPLEMENTED });
}
