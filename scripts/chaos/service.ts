// The service of a chaos run, in a process of its own; started by run.ts.
import { ServerCredentials } from '@grpc/grpc-js';
import { createHost, DuplexError } from '../../src/index.js';
import type { ConfirmRequest, EchoRequest, NoteRequest } from '../../test/support/gen/testing/v1/everything.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { heapBytes } from './heap.js';
import { History } from './history.js';
import { numberIn, payloadOf, runIn } from './load.js';
import type { News, Order, ServicePlan } from './messages.js';
import { Fold, Sequence } from './online.js';
import { heartbeats, resumeWindowMs } from './settings.js';

const tell = (news: News): void => {
  process.send?.(news);
};
const violated = (what: string): void => tell({ news: 'violation', what: `service: ${what}` });

/** Serves one session: remembers what came, sends each note back, asks now and then. */
class Served {
  #run = '';
  #notes = new Sequence('?', violated);
  #echoes = new Sequence('?', violated);
  #asks = new Sequence('?', violated);
  #noted = 0;
  #asked = 0;
  readonly #fold = new Fold();
  readonly #session: Everything.Session;
  readonly #history: History;

  constructor(session: Everything.Session, history: History) {
    this.#session = session;
    this.#history = history;
    void session.closed.then((end) => {
      if (this.#run === '') return;
      history.ended(this.#run, end.kind, end.unknownItems ?? 0);
      tell({ news: 'ended', run: this.#run, end, at: Date.now() });
    });
  }

  note({ index, text, payload }: NoteRequest): void {
    this.#named(text);
    this.#history.received(this.#run, 'note', index);
    this.#notes.take(index);
    if (payload.length !== payloadOf(index).length)
      violated(`${text} note ${index}: payload of ${payload.length} bytes`);
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
      if (answer !== question) violated(`${question} was answered by ${answer}`);
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
    if (this.#run !== '') violated(`${run} arrived in the session of ${this.#run}`);
    this.#run = run;
    this.#notes = new Sequence(`${run} notes`, violated);
    this.#echoes = new Sequence(`${run} echoes`, violated);
    this.#asks = new Sequence(`${run} asks`, violated);
  }
}

async function serve({ log, host: at, cert, key }: ServicePlan): Promise<void> {
  const history = new History(log);
  // What ends with a killed client is in the logs; the checkers judge it.
  const host = createHost({ ...heartbeats, resumeWindowMs, onError: () => {} });
  host.add(Everything, (session) => new Served(session, history) as unknown as Everything.Handler);
  const plain = await host.listen(`${at}:0`);
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const tls = await host.listen(`${at}:0`, { credentials: ServerCredentials.createSsl(null, [pair]) });
  tell({ news: 'serving', plainPort: plain.port, tlsPort: tls.port });
  process.on('message', ({ order }: Order) => {
    if (order === 'weigh') tell({ news: 'weight', heapBytes: heapBytes() });
    if (order !== 'finish') return;
    void host.stop().then(() => {
      tell({ news: 'finished' });
      process.disconnect();
    });
  });
}

process.once('message', (message: Order) => {
  if (message.order === 'serve') void serve(message.plan);
});
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => violated(`unhandled rejection: ${error}`));
