import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** One stream of one session as the logs of both processes tell it. */
class StreamRecord {
  sent = 0;
  /** Ids in the order in which they were received. */
  readonly received: number[] = [];
  readonly answered = new Set<number>();
  readonly failed = new Map<number, string>();
}

/** One session as the logs tell it. */
class RunRecord {
  readonly streams = new Map<string, StreamRecord>();
  readonly states: { counter: number; fold: string }[] = [];
  /** How it ended, by process; absent if that process was killed before. */
  readonly ends = new Map<string, { kind: string; unknownItems: number }>();

  stream(name: string): StreamRecord {
    return obtain(this.streams, name, () => new StreamRecord());
  }
}

/** The entry of a map, made when it is first asked for. */
function obtain<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

const senders: Readonly<Record<string, string>> = {
  note: 'client',
  echo: 'client',
  ask: 'client',
  noted: 'service',
  confirm: 'service',
};
const calls = ['echo', 'ask', 'confirm'];

/** How many messages of each stream arrived. */
export type Arrivals = Readonly<Record<'note' | 'echo' | 'ask' | 'noted' | 'confirm' | 'state', number>>;

/** What the logs say. */
export interface Verdict {
  readonly violations: readonly string[];
  readonly records: number;
  readonly arrivals: Arrivals;
}

/**
 * Checker B: reads the history logs of all processes after the run, and says
 * what does not fit. It knows the format of the logs and what is promised, and
 * nothing else of this program.
 */
export async function checkLogs(folder: string): Promise<Verdict> {
  const runs = new Map<string, RunRecord>();
  let records = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.log'))) {
    const process = file.startsWith('client') ? 'client' : 'service';
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      const [run = '', event = '', ...words] = line.split(' ');
      enter(
        obtain(runs, run, () => new RunRecord()),
        process,
        event,
        words,
      );
      records += 1;
    }
  }
  const violations = [...runs].flatMap(([run, record]) => judge(record).map((what) => `logs of ${run}: ${what}`));
  const all = [...runs.values()];
  const arrived = (name: string): number =>
    all.reduce((sum, { streams }) => sum + (streams.get(name)?.received.length ?? 0), 0);
  const arrivals = {
    note: arrived('note'),
    echo: arrived('echo'),
    ask: arrived('ask'),
    noted: arrived('noted'),
    confirm: arrived('confirm'),
    state: all.reduce((sum, { states }) => sum + states.length, 0),
  };
  return { violations, records, arrivals };
}

function enter(run: RunRecord, process: string, event: string, words: readonly string[]): void {
  const [first = '', second = '', third = ''] = words;
  if (event === 'state') run.states.push({ counter: Number(first), fold: second });
  else if (event === 'ended') run.ends.set(process, { kind: first, unknownItems: Number(second) });
  else {
    const stream = run.stream(first);
    const id = Number(second);
    if (event === 'sent') stream.sent = Math.max(stream.sent, id);
    else if (event === 'received') stream.received.push(id);
    else if (event === 'answered') stream.answered.add(id);
    else stream.failed.set(id, third);
  }
}

function judge(run: RunRecord): readonly string[] {
  const wrong: string[] = [];
  const wasClosed = run.ends.get('client')?.kind === 'closed';
  for (const [name, stream] of run.streams) {
    const { sent, received } = stream;
    const odd = received.findIndex((id, index) => id !== index + 1);
    if (odd !== -1) wrong.push(`${name} ${received[odd]} was received as number ${odd + 1}`);
    if (received.length > sent) wrong.push(`${received.length} ${name} received, ${sent} sent`);
    if (received.length < sent) {
      const end = run.ends.get(senders[name] as string);
      if (wasClosed) wrong.push(`closed in order, but of ${sent} ${name} only ${received.length} arrived`);
      // Without an end the sender was killed, and there is nobody left to be told.
      else if (end !== undefined && end.kind === 'closed') wrong.push(`${name} were lost in silence`);
    }
    if (calls.includes(name)) wrong.push(...judgeCalls(name, stream, run.ends.has(senders[name] as string)));
  }
  wrong.push(...judgeStates(run));
  return wrong;
}

function judgeCalls(
  name: string,
  { sent, received, answered, failed }: StreamRecord,
  ended: boolean,
): readonly string[] {
  const wrong: string[] = [];
  const ran = new Set(received);
  for (let id = 1; id <= sent; id++) {
    if (answered.has(id) && failed.has(id)) wrong.push(`${name} ${id} was answered and failed`);
    if (answered.has(id) && !ran.has(id)) wrong.push(`${name} ${id} was answered but never ran`);
    if (failed.get(id) === 'no' && ran.has(id)) wrong.push(`${name} ${id} ran though its error says it did not`);
    if (ended && !answered.has(id) && !failed.has(id)) wrong.push(`${name} ${id} was left without an answer`);
  }
  return wrong;
}

/** The state after note n is a number that follows from 1 … n; see whether each one that was seen does. */
function judgeStates({ states }: RunRecord): readonly string[] {
  const wrong: string[] = [];
  let counter = 0;
  let value = 0;
  for (const state of states) {
    if (state.counter < counter) wrong.push(`state ${state.counter} after state ${counter}`);
    while (counter < state.counter) {
      counter += 1;
      value = (value * 31 + counter) % 1_000_003;
    }
    if (state.counter > 0 && state.fold !== String(value))
      wrong.push(`state ${state.counter} says ${state.fold}, not ${value}`);
  }
  return wrong;
}
