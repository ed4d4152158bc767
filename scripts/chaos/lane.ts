import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { type ConnectOptions, connect, DuplexError, type SessionEnd } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import type { History } from './history.js';
import { labelOf, numberIn, payloadOf } from './load.js';
import type { LanePlan, News } from './messages.js';
import { Fold, Sequence } from './online.js';
import { heartbeats, resumeWindowMs } from './settings.js';

/** Calls of one lane that may await their replies at a time. */
const MAX_PENDING = 32;

/** What a lane writes to. */
export interface LaneOutlets {
  readonly history: History;
  readonly tell: (news: News) => void;
  readonly violated: (what: string) => void;
}

/** How to dial for a plan. */
export function dialOptions({ trusts }: LanePlan): ConnectOptions<Everything.Callbacks> {
  if (trusts === undefined) return heartbeats;
  const channelOptions = { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' };
  return { ...heartbeats, credentials: credentials.createSsl(Buffer.from(trusts)), channelOptions };
}

/** One session under load: notes, requests, questions in both directions, and all that comes back checked. */
export class Lane {
  #sent = 0;
  #calls = { echo: 0, ask: 0 };
  #lastState = 0;
  readonly #pending = new Set<Promise<void>>();
  readonly #noted: Sequence;
  readonly #confirms: Sequence;
  readonly #fold = new Fold();
  readonly #client: Everything.Client;
  readonly #plan: LanePlan;
  readonly #outlets: LaneOutlets;

  constructor(plan: LanePlan, outlets: LaneOutlets) {
    this.#plan = plan;
    this.#outlets = outlets;
    const { run, lane } = plan;
    this.#noted = new Sequence(`${run} noted`, outlets.violated);
    this.#confirms = new Sequence(`${run} confirms`, outlets.violated);
    this.#client = connect(Everything, plan.address, {
      ...dialOptions(plan),
      resumeWindowMs,
      // The network is bad from the start.
      retryOpen: true,
      onError: () => {},
      handler: { confirm: ({ question }) => this.#confirm(question) },
    });
    this.#client.callbacks.noted$.subscribe(({ index }) => this.#takeNoted(index));
    this.#client.state$.subscribe(({ counter, last }) => this.#takeState(Number(counter), last));
    this.#client.status$.subscribe((status) => outlets.tell({ news: 'status', lane, run, status, at: Date.now() }));
  }

  /** Runs until the session is over, or closes it when it is time to finish. */
  async run(finish: AbortSignal): Promise<SessionEnd> {
    const { run } = this.#plan;
    const { history } = this.#outlets;
    let over = false;
    void this.#client.closed.then(() => {
      over = true;
    });
    while (!over && !finish.aborted) await this.#burst().catch(() => sleep(1));
    const end = over ? await this.#client.closed : await this.#finish();
    await Promise.all(this.#pending);
    history.ended(run, end.kind, end.unknownItems ?? 0);
    return end;
  }

  async #burst(): Promise<void> {
    for (let n = 0; n < 3; n++) await this.#note();
    if (this.#sent % 7 < 3) this.#call('echo');
    if (this.#sent % 29 < 3) this.#call('ask');
    if (this.#pending.size >= MAX_PENDING) await Promise.race(this.#pending);
    await sleep(5);
  }

  async #note(): Promise<void> {
    const { run } = this.#plan;
    this.#sent += 1;
    const index = this.#sent;
    this.#outlets.history.sent(run, 'note', index);
    await this.#client.service.note({ index, text: run, payload: payloadOf(index) });
  }

  #call(stream: 'echo' | 'ask'): void {
    this.#calls[stream] += 1;
    const id = this.#calls[stream];
    const { history } = this.#outlets;
    history.sent(this.#plan.run, stream, id);
    const pending = (stream === 'echo' ? this.#echo(id) : this.#ask(id)).then(
      () => history.answered(this.#plan.run, stream, id),
      (error: unknown) => history.failed(this.#plan.run, stream, id, DuplexError.from(error).executed),
    );
    this.#pending.add(pending);
    void pending.then(() => this.#pending.delete(pending));
  }

  async #echo(id: number): Promise<void> {
    const label = labelOf(this.#plan.run, id);
    const sentBefore = this.#sent;
    const { text } = await this.#client.service.echo({ text: label });
    if (text !== label) this.#outlets.violated(`${label} was answered by ${text}`);
    // The service calls back for each note before it answers what came after it.
    if (this.#noted.last < sentBefore) this.#outlets.violated(`${label}: the reply overtook a callback`);
  }

  async #ask(id: number): Promise<void> {
    await this.#client.service.ask({ question: labelOf(this.#plan.run, id) });
  }

  #confirm(question: string): { ok: boolean; answer: string } {
    const id = numberIn(question);
    this.#outlets.history.received(this.#plan.run, 'confirm', id);
    this.#confirms.take(id);
    return { ok: true, answer: question };
  }

  #takeNoted(index: number): void {
    this.#outlets.history.received(this.#plan.run, 'noted', index);
    this.#noted.take(index);
  }

  #takeState(counter: number, fold: string): void {
    const { violated, history } = this.#outlets;
    const { run } = this.#plan;
    history.state(run, counter, fold);
    if (counter === 0) return;
    if (counter <= this.#lastState) violated(`${run}: state ${counter} came after ${this.#lastState}`);
    if (fold !== `${this.#fold.at(counter)}`) violated(`${run}: state ${counter} is not the fold of the notes`);
    this.#lastState = counter;
  }

  /** Closes in order: then everything sent must have arrived, and what it brought back too. */
  async #finish(): Promise<SessionEnd> {
    const { violated } = this.#outlets;
    const { run } = this.#plan;
    const end = await this.#client.close();
    if (end.kind !== 'closed') violated(`${run}: close() ended as ${end.kind}: ${end.message}`);
    if (this.#noted.last !== this.#sent) violated(`${run}: ${this.#sent} notes sent, ${this.#noted.last} came back`);
    if (this.#lastState !== this.#sent)
      violated(`${run}: ${this.#sent} notes sent, the state counts ${this.#lastState}`);
    return end;
  }
}
