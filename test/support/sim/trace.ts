import { controlOf, decodeEnvelope, type Envelope, itemsOf } from '../envelope.js';
import type { Entry } from './checks/history.js';
import type { Plan } from './plan.js';

/** The history as lines for a reader, oldest first. */
export function traceOf(entries: readonly Entry[]): readonly string[] {
  return entries.map((entry) => `${entry.t.toFixed(1).padStart(10)}  ${describe(entry)}`);
}

function describe(entry: Entry): string {
  switch (entry.what) {
    case 'fault':
      return `       !!!  ${entry.fault}`;
    case 'dial':
      return `${column(entry.who)} dials stream ${entry.stream}${entry.inVain ? ', and nobody is there' : ''}`;
    case 'write':
      return `${column(entry.who)} #${entry.stream} writes  ${describeFrame(entry.frame)}`;
    case 'frame':
      return `${column(entry.who)} #${entry.stream} reads   ${describeFrame(entry.frame)}`;
    case 'depart':
      return `${column(entry.who)} #${entry.stream} leaves: ${entry.how}`;
    case 'told':
      return `${column(entry.who)} #${entry.stream} hears: ${entry.how}`;
    case 'stalled':
      return `${column(entry.who)} stands still until ${entry.until.toFixed(1)}`;
    case 'move':
      return `${column(entry.who)} ${entry.from} → ${entry.to} (${entry.input})`;
    case 'session':
      return `${column(entry.who)} is made by ${entry.server}`;
    case 'call':
      return `${column(entry.who)} calls ${entry.method} ${entry.id}`;
    case 'settled':
      return `${column(entry.who)} ${entry.id} settles: ${entry.outcome}`;
    case 'begun':
      return `${column(entry.who)} begins ${entry.id}`;
    case 'state-set':
    case 'state-seen':
      return `${column(entry.who)} ${entry.what} ${entry.counter}`;
    case 'status':
      return `${column(entry.who)} is ${entry.status}`;
    case 'over':
      return `${column(entry.who)} is over: ${entry.kind} ${entry.code}: ${entry.message} (${entry.unknownItems} unknown)`;
    case 'settings':
      return JSON.stringify(entry.settings);
  }
}

function column(who: string): string {
  return who.padStart(6);
}

/** One frame in a line. */
function describeFrame(frame: Uint8Array): string {
  const envelope = decodeEnvelope(frame);
  const { seq = 0, ack = 0, backlog = 0 } = envelope;
  const numbers = `ack ${ack}${backlog > 0 ? ` backlog ${backlog}` : ''}`;
  const control = controlOf(envelope);
  const more = envelope.more === undefined ? '' : ` with ${describeItems(seq, envelope.more)}`;
  if (control?.$case === 'hello') {
    const { attempt, sessionId, marks } = control.value;
    return `Hello attempt ${attempt}${sessionId.length > 0 ? ` resume ${JSON.stringify(marks)}` : ''}${more}`;
  }
  if (control?.$case === 'welcome') {
    const { result, reason, marks } = control.value;
    const from = marks === undefined ? '' : ` ${JSON.stringify(marks)}`;
    return `Welcome result ${result} reason ${reason}${from} ${numbers}${more}`;
  }
  if (control?.$case === 'goodbye')
    return `Goodbye last_seq ${control.value.lastSeq} code ${control.value.code} ${numbers}`;
  if (control !== undefined) return `${control.$case} ${numbers}`;
  const items = itemsOf(envelope);
  if (items.length === 0) return numbers;
  return `${describeItems(seq, items)} ${numbers}`;
}

function describeItems(seq: number, items: readonly Envelope[]): string {
  const last = seq + items.length - 1;
  return `items ${seq}${last > seq ? `–${last}` : ''} [${items.map(describeItem).join(', ')}]`;
}

function describeItem({ callId = 0, replyTo = 0, content }: Envelope): string {
  const call = callId > 0 ? ` call ${callId}` : replyTo > 0 ? ` reply ${replyTo}` : '';
  return `${content?.number}${call}`;
}

/** A plan as lines: settings first, then everything in the order of its time. */
export function planLines({ settings, clients, steps, faults, horizonMs }: Plan): readonly string[] {
  const { network, ...rest } = settings;
  const connects = clients.map((at, index) => ({ at, on: `c${index}`, do: 'connect' }));
  const all = [...connects, ...steps, ...faults].sort((a, b) => a.at - b.at);
  const inLine = (value: object): string => JSON.stringify(value).replaceAll('"', '').slice(1, -1);
  return [`settings ${inLine(rest)}`, `network ${inLine(network)}, faults until ${horizonMs}`, ...all.map(inLine)];
}
