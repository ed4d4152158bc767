import { map, type Observable } from 'rxjs';
import type { Call } from '../../../../src/calls/incoming/call.js';
import { Code, Fault } from '../../../../src/errors.js';
import type { SessionEnd } from '../../../../src/session/session-end.js';
import {
  type AskRequest,
  DivideByZero,
  type DivideRequest,
  type EchoRequest,
  type FailRequest,
  type NoteRequest,
  type SumRequest,
} from '../../gen/testing/v1/everything.js';
import type { Everything } from '../../gen/testing/v1/everything_duplex.js';
import { Ledger } from '../checks/ledger.js';
import type { Extra, Step } from '../plan.js';
import type { Process } from '../world/world.js';
import type { ClientProgram } from './client-program.js';
import {
  asText,
  Caller,
  callerOfDividend,
  errandIn,
  isPayloadOf,
  partsOf,
  payloadOf,
  type Surroundings,
  sleep,
} from './errand.js';
import { addUp, countUp, itemsOf, StreamCalls, type StreamMethods, sayBack } from './streams.js';

type Handler = Omit<Everything.Handler, 'continue' | 'finish' | symbol>;

/** The program that serves one session, and what checker A knows of it. */
export class ServiceProgram implements Handler {
  readonly name: string;
  readonly process: Process;
  readonly down: Ledger;
  readonly caller: Caller;
  /** The client whose calls arrive, once one did. */
  client: ClientProgram | undefined;
  end: SessionEnd | undefined;
  /** For each state that was set: the last call to the client before it. */
  readonly statesAfter = new Map<number, number>();
  readonly peer: string;
  disposals = 0;
  /** When it set the state last. */
  stateSetAt = 0;
  #closes = false;
  readonly #running = new Set<AbortSignal>();
  readonly #streams: StreamCalls;
  readonly #session: Everything.Session;
  readonly #surroundings: Surroundings;
  readonly #find: (name: string) => ClientProgram | undefined;

  constructor(
    name: string,
    process: Process,
    session: Everything.Session,
    surroundings: Surroundings,
    find: (name: string) => ClientProgram | undefined,
  ) {
    this.name = name;
    this.process = process;
    this.#session = session;
    this.peer = session.peer;
    this.#surroundings = surroundings;
    this.#find = find;
    this.down = new Ledger(name, surroundings.report);
    this.caller = new Caller(name, surroundings, () => this.isLeaving);
    this.#streams = new StreamCalls(streamsOf(session.callback), this.caller, this.down, surroundings.report);
    this.statesAfter.set(0, 0);
    void session.closed.then((end) => this.#over(end));
  }

  get counter(): number {
    return Number(this.#session.state.value.counter);
  }

  /** Whether the session is over, or may close any time. */
  get isLeaving(): boolean {
    return this.end !== undefined || this.#closes || (this.client ?? this.#find(this.peer))?.isLeaving === true;
  }

  close(): void {
    this.#closes = true;
    const client = this.client ?? this.#find(this.peer);
    if (client !== undefined) client.isDismissed = true;
    void this.#session.close('the service had enough');
  }

  // ---------------------------------------------------------------- what the plan makes it do

  perform(step: Step): void {
    if (step.do === 'noted') {
      for (let i = 0; i < step.count; i++) this.#noted(step.size, step.extra);
    } else if (step.do === 'confirm') void this.#confirm(this.down.make(), step.depth, step.extra);
    else if (step.do === 'stream') this.#streams.perform(step);
    else if (step.do === 'state') this.#setState();
    else if (step.do === 'close') this.close();
  }

  #noted(size: number, extra: Extra): void {
    const number = this.down.make();
    const text = asText(`${this.name}:${number}`, extra);
    const request = { index: number, text, payload: payloadOf(number, size) };
    const call = () => this.#session.callback.noted(request);
    if (this.#surroundings.mayForget && number % 3 === 0) this.caller.forget(this.down, number, 'noted', call);
    else void this.caller.follow(this.down, number, 'noted', call, nothing);
  }

  async #confirm(number: number, depth: number, extra: Extra): Promise<void> {
    const id = `${this.name}:${number}`;
    const question = asText(id, extra);
    const { options } = this.#limits(extra);
    await this.caller.follow(
      this.down,
      number,
      'confirm',
      () => this.#session.callback.confirm({ question, depth }, options),
      ({ answer }) => {
        if (answer !== id) this.#surroundings.report('reply', `${id} was answered with ${answer}`);
      },
      extra,
    );
  }

  #limits({ timeout, cancel }: Extra) {
    const abort = new AbortController();
    if (cancel !== undefined) void sleep(this.#surroundings.world, this.process, cancel).then(() => abort.abort());
    return { options: { timeoutMs: timeout ?? Number.POSITIVE_INFINITY, signal: abort.signal } };
  }

  #setState(): void {
    const counter = this.counter + 1;
    this.#session.state.set({ counter: BigInt(counter), last: `${counter}` });
    this.statesAfter.set(counter, this.down.made);
    this.stateSetAt = this.#surroundings.world.now;
    this.#surroundings.history.add({ what: 'state-set', who: this.name, counter });
  }

  // ---------------------------------------------------------------- what the client makes it do

  note({ index, text, payload }: NoteRequest, call: Call): void | Promise<void> {
    if (!isPayloadOf(index, payload)) this.#surroundings.report('content', `the payload of ${text} is not its own`);
    return this.#run(text, call)?.then(nothing);
  }

  fail({ text }: FailRequest, call: Call): void {
    void this.#run(text, call);
    throw new Error('as asked');
  }

  async echo({ text, payload }: EchoRequest, call: Call) {
    const { id, back = 0 } = errandIn(text);
    const first = this.down.made + 1;
    await this.#run(text, call);
    return { text: id, tags: [`${first}`, `${first + back}`], payload };
  }

  divide({ dividend, divisor }: DivideRequest, call: Call) {
    void this.#run(JSON.stringify({ id: callerOfDividend(dividend) }), call);
    if (divisor === 0) throw new Fault(Code.INVALID_ARGUMENT, 'by zero', [[DivideByZero, { dividend }]]);
    return { quotient: Math.trunc(dividend / divisor) };
  }

  async ask({ question, depth }: AskRequest, call: Call) {
    await this.#run(question, call);
    await this.#confirm(this.down.makeNested(), depth - 1, {});
    return { answer: errandIn(question).id };
  }

  readonly count = countUp;
  readonly chat = sayBack;

  async sum(requests: Observable<SumRequest>) {
    return { sum: BigInt(await addUp(requests, ({ value }) => value)) };
  }

  /** Has no field for an errand, so it is not in the ledger. */
  reset() {
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals += 1;
  }

  /** Takes down that a call began, and does what it asks for; undefined if that is done at once. */
  #run(text: string, call: Call): Promise<void> | undefined {
    const { world, history, report } = this.#surroundings;
    const { id, slow, back = 0, state } = errandIn(text);
    const { caller, number } = partsOf(id);
    history.add({ what: 'begun', who: this.name, id });
    this.client ??= this.#find(caller);
    if (this.client?.name !== caller) report('session', `${this.name} belongs to ${this.client?.name}, but ${id} ran`);
    this.client?.belongsTo(this);
    this.client?.up.begin(number);
    if (this.end !== undefined) report('after the end', `${id} began after ${this.name} was over`);
    for (let i = 0; i < back; i++) this.#noted(i, {});
    if (state) this.#setState();
    if (slow === undefined) return undefined;
    this.#running.add(call.signal);
    return sleep(world, this.process, slow, number % 2 === 0 ? call.signal : undefined).then(() => {
      this.#running.delete(call.signal);
      if (call.signal.aborted || this.client === undefined) return;
      if (this.client.caller.hasLongGivenUp(id)) report('cancel', `nobody told the handler of ${id} to stop`);
    });
  }

  #over(end: SessionEnd): void {
    this.end = end;
    const { history, report, isAcknowledged } = this.#surroundings;
    const { kind, code, message, unknownItems = 0 } = end;
    history.add({ what: 'over', who: this.name, kind, code, message, unknownItems });
    for (const signal of this.#running) {
      if (!signal.aborted) report('abort', `an operation of ${this.name} still runs and was not told that it is over`);
    }
    if (kind === 'closed' && code === Code.OK && isAcknowledged) this.client?.everythingArrived(this.name);
  }
}

function streamsOf(callback: Everything.Session['callback']): StreamMethods {
  const forEver = { timeoutMs: Number.POSITIVE_INFINITY };
  return {
    replies: (count) => callback.watch({ count }).pipe(map(({ value }) => value)),
    async requests(numbers) {
      const { sizeBytes } = await callback.upload(
        itemsOf(numbers, (value) => ({ part: new Uint8Array(value) })),
        forEver,
      );
      return Number(sizeBytes);
    },
    both: (numbers) =>
      callback.mirror(itemsOf(numbers, (value) => ({ text: `${value}` }))).pipe(map(({ text }) => Number(text))),
  };
}

function nothing(): void {}
