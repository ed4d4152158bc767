import { DuplexError, type SessionEnd } from '../../src/index.js';
import type { ConfirmRequest, EchoRequest, NoteRequest } from '../../test/support/gen/testing/v1/everything.js';
import type { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import type { History } from './history.js';
import { numberIn, payloadOf, runIn } from './load.js';
import { Fold, Sequence } from './online.js';

/** What a served session reports to. */
export interface ServedOutlets {
  readonly history: History;
  readonly violated: (what: string) => void;
  readonly ended: (run: string, end: SessionEnd) => void;
}

/** Serves one session: remembers what came, sends each note back, asks now and then. */
export class Served {
  #run = '';
  #notes: Sequence;
  #echoes: Sequence;
  #asks: Sequence;
  #noted = 0;
  #asked = 0;
  readonly #fold = new Fold();
  readonly #session: Everything.Session;
  readonly #history: History;
  readonly #violated: (what: string) => void;

  constructor(session: Everything.Session, { history, violated, ended }: ServedOutlets) {
    this.#session = session;
    this.#history = history;
    this.#violated = violated;
    this.#notes = new Sequence('?', violated);
    this.#echoes = new Sequence('?', violated);
    this.#asks = new Sequence('?', violated);
    void session.closed.then((end) => {
      if (this.#run === '') return;
      history.ended(this.#run, end.kind, end.unknownItems ?? 0);
      ended(this.#run, end);
    });
  }

  note({ index, text, payload }: NoteRequest): void {
    this.#named(text);
    this.#history.received(this.#run, 'note', index);
    this.#notes.take(index);
    if (payload.length !== payloadOf(index).length)
      this.#violated(`${text} note ${index}: payload of ${payload.length} bytes`);
    this.#session.state.set({ counter: BigInt(index), last: `${this.#fold.at(index)}` });
    this.#noted += 1;
    this.#history.sent(this.#run, 'noted', this.#noted);
    this.#session.callback.noted({ index: this.#noted, text: this.#run, payload });
    if (index % 11 === 0) void this.#confirm().catch(() => {});
  }

  echo({ text }: EchoRequest): { text: string } {
    this.#take(text, 'echo', this.#echoes);
    return { text };
  }

  async ask({ question }: { question: string }): Promise<{ answer: string }> {
    this.#take(question, 'ask', this.#asks);
    return { answer: await this.#confirm() };
  }

  async #confirm(): Promise<string> {
    this.#asked += 1;
    const id = this.#asked;
    const question: ConfirmRequest['question'] = `${this.#run}:${id}`;
    this.#history.sent(this.#run, 'confirm', id);
    try {
      const { answer } = await this.#session.callback.confirm({ question });
      if (answer !== question) this.#violated(`${question} was answered by ${answer}`);
      this.#history.answered(this.#run, 'confirm', id);
      return answer;
    } catch (error) {
      this.#history.failed(this.#run, 'confirm', id, DuplexError.from(error).executed);
      throw error;
    }
  }

  #take(text: string, stream: 'echo' | 'ask', sequence: Sequence): void {
    this.#named(runIn(text));
    const id = numberIn(text);
    this.#history.received(this.#run, stream, id);
    sequence.take(id);
  }

  #named(run: string): void {
    if (this.#run === run) return;
    if (this.#run !== '') this.#violated(`${run} arrived in the session of ${this.#run}`);
    this.#run = run;
    this.#notes = new Sequence(`${run} notes`, this.#violated);
    this.#echoes = new Sequence(`${run} echoes`, this.#violated);
    this.#asks = new Sequence(`${run} asks`, this.#violated);
  }
}
