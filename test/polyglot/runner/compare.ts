import { Code } from 'grpc-duplex';
import { type Case, type EnvelopeJson, expectedOf } from './cases.js';
import type { Report } from './messages.js';

/** The fields of an envelope beside its content. */
const head = new Set(['seq', 'ack', 'backlog', 'callId', 'replyTo', 'timeoutMs', 'context', 'more']);

/** At the plain level there are no numbers, and no further items. */
const plain: EnvelopeJson = { seq: 0, ack: 0, backlog: 0, more: [] };

/** Compares what a client reported with what must come; the first difference, or undefined. */
export function compare(
  played: Case,
  { received, code, message }: Report,
  brokenAs: readonly (keyof typeof Code)[] = [],
): string | undefined {
  const expected = expectedOf(played);
  const seen = `${received.map(brief).join('\n    ')}\n    ${nameOf(code)} ${message}`;
  for (const [index, envelope] of expected.envelopes.entries()) {
    const actual = received[index];
    const difference = actual === undefined ? 'missing' : differenceOf(envelope, actual);
    if (difference !== undefined) return `${brief(envelope)}: ${difference}; received:\n    ${seen}`;
  }
  if (received.length > expected.envelopes.length) return `more than expected; received:\n    ${seen}`;
  const isAsExpected =
    code === expected.code || (expected.code === Code.UNAVAILABLE && brokenAs.some((name) => code === Code[name]));
  if (!isAsExpected)
    return `status ${nameOf(code)} instead of ${nameOf(expected.code)}; received:
    ${seen}`;
  return undefined;
}

function differenceOf(expected: EnvelopeJson, actual: EnvelopeJson): string | undefined {
  const [wanted, got] = [contentOf(expected), contentOf(actual)];
  if (wanted !== got) return `${got ?? 'no content'} instead of ${wanted ?? 'none that is known'}`;
  return different('', { ...plain, ...expected }, actual);
}

function contentOf(envelope: EnvelopeJson): string | undefined {
  return Object.keys(envelope).find((name) => !head.has(name));
}

/** Fields that are left out may be anything, and `*` is anything but nothing. Long integers are strings in JSON. */
function different(path: string, expected: unknown, actual: unknown): string | undefined {
  if (typeof expected !== 'object' || expected === null) {
    const equal = expected === '*' ? Boolean(actual) : String(expected) === String(actual);
    return equal ? undefined : `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
  }
  if (typeof actual !== 'object' || actual === null) return `${path} is missing`;
  if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length)
    return `${path} has ${(actual as unknown[]).length} elements`;
  for (const [name, value] of Object.entries(expected)) {
    const difference = different(`${path}.${name}`, value, (actual as EnvelopeJson)[name]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** An envelope without the fields that say nothing. */
function brief(envelope: EnvelopeJson): string {
  const said = Object.entries(envelope).filter(([name, value]) => !head.has(name) || (value !== 0 && value !== '0'));
  return JSON.stringify(Object.fromEntries(said.filter(([, value]) => !Array.isArray(value) || value.length > 0)));
}

function nameOf(code: number): string {
  return Object.entries(Code).find(([, number]) => number === code)?.[0] ?? `code ${code}`;
}
