import { map, type Observable } from 'rxjs';
import type { Call } from '../../../../src/calls/incoming/call.js';
import { ConnectedClient } from '../../../../src/client/connected-client.js';
import type { ResolvedConnectOptions } from '../../../../src/client/options.js';
import { Code } from '../../../../src/errors.js';
import type { SessionEnd } from '../../../../src/session/session-end.js';
import {
  type ConfirmRequest,
  DivideByZero,
  type NotedRequest,
  type UploadRequest,
} from '../../gen/testing/v1/everything.js';
import { Everything } from '../../gen/testing/v1/everything_duplex.js';
import { Ledger } from '../checks/ledger.js';
import type { Extra, Step } from '../plan.js';
import type { Process } from '../world/world.js';
import {
  asText,
  Caller,
  dividendOf,
  errandIn,
  isPayloadOf,
  partsOf,
  payloadOf,
  type Surroundings,
  sleep,
} from './errand.js';
import type { ServiceProgram } from './service-program.js';
import { addUp, countUp, itemsOf, StreamCalls, type StreamMethods, sayBack } from './streams.js';

/** The program of one client, and what checker A knows of it. */
export class ClientProgram {
  readonly name: string;
  readonly process: Process;
  readonly up: Ledger;
  readonly caller: Caller;
  readonly client: ConnectedClient<Everything.Operations, Everything.Callbacks, Everything.State>;
  /** The session that serves it, once either side heard of the other. */
  service: ServiceProgram | undefined;
  end: SessionEnd | undefined;
  /** When the session was cut last, and how long it has been without a connection. */
  cutAt: number | undefined;
  wasOpen = false;
  /** Whether the plan made it close or abort. */
  isLeaving = false;
  /** Whether the plan made the service close. */
  isDismissed = false;
  #leavesAt = Number.POSITIVE_INFINITY;
  #lastCounter = -1;
  readonly #streams: StreamCalls;
  readonly #surroundings: Surroundings;
  readonly #find: (name: string) => ServiceProgram | undefined;

  constructor(
    process: Process,
    options: Omit<ResolvedConnectOptions<Everything.Callbacks, Everything.Operations>, 'handler'>,
    surroundings: Surroundings,
    find: (name: string) => ServiceProgram | undefined,
  ) {
    this.name = process.name;
    this.process = process;
    this.#surroundings = surroundings;
    this.#find = find;
    this.up = new Ledger(this.name, surroundings.report);
    this.caller = new Caller(this.name, surroundings, () => this.isLeaving || this.isOver);
    const handler = {
      noted: (request: NotedRequest, call: Call) => this.#noted(request, call),
      confirm: (request: ConfirmRequest, call: Call) => this.#confirm(request, call),
      watch: countUp,
      upload: async (requests: Observable<UploadRequest>) => {
        return { sizeBytes: BigInt(await addUp(requests, ({ part }) => part.length)) };
      },
      mirror: sayBack,
    };
    this.client = new ConnectedClient(Everything, { ...options, handler });
    this.#streams = new StreamCalls(streamsOf(this.client.service), this.caller, this.up, surroundings.report);
    this.client.status$.subscribe((status) => this.#observe(status));
    this.client.state$.subscribe(({ counter, last }) => this.#seeState(Number(counter), last));
    void this.client.closed.then((end) => this.#over(end));
  }

  get isOver(): boolean {
    const { status } = this.client;
    return status === 'closing' || status === 'closed' || status === 'faulted';
  }

  /** The service's session says whose it is, or a callback says where it comes from. */
  belongsTo(service: ServiceProgram): void {
    this.service ??= service;
    if (this.service !== service) {
      this.#surroundings.report('session', `${this.name} is served by ${this.service.name} and by ${service.name}`);
    }
  }

  // ---------------------------------------------------------------- what the plan makes it do

  perform(step: Step): void {
    if (step.do === 'note') for (let i = 0; i < step.count; i++) this.#note(step.size, step.extra);
    else if (step.do === 'echo') this.#echo(step.size, step.extra);
    else if (step.do === 'ask') void this.#ask(this.up.make(), step.depth, step.extra);
    else if (step.do === 'stream') this.#streams.perform(step);
    else if (step.do === 'divide') this.#divide(step.divisor);
    else if (step.do === 'fail') this.#fail();
    else if (step.do === 'reset') this.#reset();
    else if (step.do === 'close') this.close();
    else if (step.do === 'abort') {
      this.isLeaving = true;
      this.client.abort();
    }
  }

  close(): void {
    this.isLeaving = true;
    void this.client.close();
  }

  #note(size: number, extra: Extra): void {
    const number = this.up.make();
    const text = asText(`${this.name}:${number}`, extra);
    const request = { index: number, text, payload: payloadOf(number, size) };
    const call = () => this.client.service.note(request);
    if (this.#surroundings.mayForget && number % 3 === 0) this.caller.forget(this.up, number, 'note', call);
    else void this.caller.follow(this.up, number, 'note', call, nothing);
  }

  #fail(): void {
    const number = this.up.make();
    const text = asText(`${this.name}:${number}`, {});
    void this.caller.follow(this.up, number, 'fail', () => this.client.service.fail({ text }), nothing);
  }

  #echo(size: number, extra: Extra): void {
    const number = this.up.make();
    const id = `${this.name}:${number}`;
    const request = { text: asText(id, extra), payload: payloadOf(number, size) };
    void this.caller.follow(
      this.up,
      number,
      'echo',
      () => this.client.service.echo(request, this.#limits(extra)),
      ({ text, tags, payload }) => {
        const { report } = this.#surroundings;
        if (text !== id) report('reply', `${id} was answered with ${text}`);
        if (payload.length !== size || !isPayloadOf(number, payload)) report('content', `${id} got another payload`);
        this.#hasSeen(Number(tags[0]), Number(tags[1]), id);
      },
      extra,
    );
  }

  /** What a handler sends before its answer is seen before it. */
  #hasSeen(from: number, to: number, id: string): void {
    const owed = this.service?.down.owedBetween(from - 1, to) ?? [];
    if (owed.length > 0) this.#surroundings.report('order', `${id} was answered before its callbacks ${owed}`);
  }

  async #ask(number: number, depth: number, extra: Extra): Promise<void> {
    const id = `${this.name}:${number}`;
    const question = asText(id, extra);
    await this.caller.follow(
      this.up,
      number,
      'ask',
      () => this.client.service.ask({ question, depth }, this.#limits(extra)),
      ({ answer }) => {
        if (answer !== id) this.#surroundings.report('reply', `${id} was answered with ${answer}`);
      },
      extra,
    );
  }

  #divide(divisor: number): void {
    const number = this.up.make();
    const id = `${this.name}:${number}`;
    const { report } = this.#surroundings;
    const dividend = dividendOf(id);
    const divide = this.client.service.divide({ dividend, divisor }, { timeoutMs: Number.POSITIVE_INFINITY });
    divide.catch((error) => {
      if (error.kind === 'fault' && error.executed === 'yes' && error.detail(DivideByZero)?.dividend !== dividend) {
        report('reply', `${id} faulted with another's detail`);
      }
    });
    void this.caller.follow(
      this.up,
      number,
      'divide',
      () => divide,
      ({ quotient }) => {
        if (quotient !== Math.trunc(dividend / divisor)) report('reply', `${id} was answered with ${quotient}`);
      },
    );
  }

  /** Its request cannot say which one it is, so that nobody can say that it began. */
  #reset(): void {
    const number = this.up.make();
    this.up.withdraw(number);
    const call = () => this.client.service.reset({}, { timeoutMs: Number.POSITIVE_INFINITY });
    void this.caller.follow(this.up, number, 'reset', call, nothing);
  }

  #limits({ timeout, cancel }: Extra): { timeoutMs: number; signal: AbortSignal } {
    const abort = new AbortController();
    if (cancel !== undefined) void sleep(this.#surroundings.world, this.process, cancel).then(() => abort.abort());
    return { timeoutMs: timeout ?? Number.POSITIVE_INFINITY, signal: abort.signal };
  }

  // ---------------------------------------------------------------- what the service makes it do

  #noted({ index, text, payload }: NotedRequest, call: Call): void | Promise<void> {
    if (!isPayloadOf(index, payload)) this.#surroundings.report('content', `the payload of ${text} is not its own`);
    return this.#run(text, call);
  }

  async #confirm({ question, depth }: ConfirmRequest, call: Call) {
    await this.#run(question, call);
    if (depth > 0) await this.#ask(this.up.makeNested(), depth, {});
    return { ok: true, answer: errandIn(question).id };
  }

  #run(text: string, call: Call): Promise<void> | undefined {
    const { world, history, report } = this.#surroundings;
    const { id, slow } = errandIn(text);
    const { caller, number } = partsOf(id);
    history.add({ what: 'begun', who: this.name, id });
    const service = this.#find(caller);
    if (service !== undefined) this.belongsTo(service);
    service?.down.begin(number);
    if (this.end !== undefined) report('after the end', `${id} began after ${this.name} was over`);
    if (slow === undefined) return undefined;
    return sleep(world, this.process, slow, number % 2 === 0 ? call.signal : undefined);
  }

  #seeState(counter: number, last: string): void {
    const { history, report } = this.#surroundings;
    history.add({ what: 'state-seen', who: this.name, counter });
    if (counter <= this.#lastCounter) report('state', `${this.name} saw state ${counter} after ${this.#lastCounter}`);
    if (last !== (counter === 0 ? '' : `${counter}`)) report('state', `${this.name} saw a state that never was`);
    const isSnapshot = this.#lastCounter < 0;
    this.#lastCounter = counter;
    const { service } = this;
    const after = service?.statesAfter.get(counter);
    if (service === undefined || after === undefined) return;
    if (service.down.owesBefore(after + 1)) report('state', `${this.name} saw state ${counter} before its callbacks`);
    // The snapshot is as late as the opening, whenever its state was set.
    if (service.down.lastBegun > after && !isSnapshot)
      report('state', `${this.name} saw state ${counter} after later callbacks`);
  }

  // ---------------------------------------------------------------- how it ends

  #observe(status: string): void {
    const { history, world } = this.#surroundings;
    history.add({ what: 'status', who: this.name, status });
    if (status === 'opened') this.wasOpen = true;
    this.cutAt = status === 'resuming' ? world.now : undefined;
    if (this.isOver) this.#leavesAt = Math.min(this.#leavesAt, world.now);
  }

  #over(end: SessionEnd): void {
    this.end = end;
    const { kind, code, message, unknownItems = 0 } = end;
    this.#surroundings.history.add({ what: 'over', who: this.name, kind, code, message, unknownItems });
    if (kind !== 'closed' || code !== Code.OK) return;
    if (!this.isLeaving && !this.isDismissed) {
      this.#surroundings.report('close', `${this.name} is closed in order, but nobody closed it`);
    }
    this.everythingArrived(this.name);
  }

  /** One side saw the session close in order: then nothing may be missing on either. */
  everythingArrived(who: string): void {
    const { report, isReliable } = this.#surroundings;
    const { service, up } = this;
    if (!isReliable) return;
    if (up.owed.length > 0) report('close', `${who} closed in order, but ${up.owed} of ${this.name} did not run`);
    const owed = service?.down.owed ?? [];
    if (owed.length > 0) report('close', `${who} closed in order, but ${owed} of ${service?.name} did not run`);
    // A state that is set while the session closes may come too late.
    if (service !== undefined && service.stateSetAt < this.#leavesAt && service.counter !== this.#lastCounter) {
      report('close', `${who} closed in order at state ${service.counter}, but ${this.name} saw ${this.#lastCounter}`);
    }
  }
}

function streamsOf(service: Everything.Client['service']): StreamMethods {
  const forEver = { timeoutMs: Number.POSITIVE_INFINITY };
  return {
    replies: (count, failAfter) => service.count({ count, failAfter }).pipe(map(({ value }) => value)),
    async requests(numbers) {
      const { sum } = await service.sum(
        itemsOf(numbers, (value) => ({ value })),
        forEver,
      );
      return Number(sum);
    },
    both: (numbers) =>
      service.chat(itemsOf(numbers, (value) => ({ text: `${value}` }))).pipe(map(({ text }) => Number(text))),
  };
}

function nothing(): void {}
