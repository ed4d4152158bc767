import { parseStatements, type Statement, type Token, withInner } from '../source/proto-statements.js';
import { type NumberRange, type NumberSet, normalize } from './number-set.js';

/** One arm that an envelope had when its wire proto was last written. */
export interface RecordedArm {
  readonly name: string;
  readonly type: string;
  readonly number: number;
  /** Line of the wire proto. */
  readonly line: number;
}

/** What the wire proto says about one envelope. */
export interface EnvelopeRecord {
  readonly arms: readonly RecordedArm[];
  readonly reservedNumbers: NumberSet;
  readonly reservedNames: readonly string[];
}

/** An envelope that was never written. */
export const emptyEnvelope: EnvelopeRecord = { arms: [], reservedNumbers: [], reservedNames: [] };

/** The lowest number of a contract's own arms; those below are the library's. */
export const firstNumber = 100;

/** The highest field number of protobuf. */
export const lastNumber = 536_870_911;

/**
 * Reads the numbers out of a wire proto: its messages by name. The parser is
 * tolerant, since people edit and merge that file: it takes the fields and the
 * `reserved` statements of each message, and passes over everything else.
 */
export function parseWireRecord(text: string): ReadonlyMap<string, EnvelopeRecord> {
  const messages = parseStatements(text)
    .flatMap(withInner)
    .filter(({ head: [keyword], body }) => keyword?.text === 'message' && body !== undefined);
  return new Map(messages.map((message) => [message.head[1]?.text ?? '', parseEnvelope(message)]));
}

/** The line of the first mark that a merge left behind, if there is one. */
export function findConflict(text: string): number | undefined {
  const line = text.split('\n').findIndex((line) => /^(<{7}|>{7}|={7})/.test(line));
  return line === -1 ? undefined : line + 1;
}

function parseEnvelope({ body = [] }: Statement): EnvelopeRecord {
  const statements = body.flatMap(withInner).map(({ head }) => head);
  const reserved = statements.filter(([first]) => first?.text === 'reserved');
  return {
    arms: statements
      .flatMap(parseField)
      .filter(({ number }) => number >= firstNumber)
      .sort((a, b) => a.number - b.number),
    reservedNumbers: normalize(reserved.flatMap(parseRanges)),
    reservedNames: reserved.flatMap(parseNames),
  };
}

/** `Type name = 101`, perhaps after a label and before options in brackets. */
function parseField(statement: readonly Token[]): readonly RecordedArm[] {
  const equals = statement.findIndex(({ text }) => text === '=');
  const [type, name, , value] = statement.slice(Math.max(equals - 2, 0));
  if (equals < 2 || type === undefined || name === undefined || value === undefined) return [];
  const number = Number(value.text);
  return Number.isInteger(number) ? [{ name: name.text, type: type.text, number, line: name.line }] : [];
}

/** `reserved 101, 103 to 105, 1000 to max`. */
function parseRanges(statement: readonly Token[]): readonly NumberRange[] {
  const text = statement
    .map(({ text }) => text)
    .filter((text) => !isString(text))
    .join(' ');
  return [...text.matchAll(/\b(\d+)(?: to (\d+|max))?/g)].map(([, first = '', last = first]) => ({
    first: Number(first),
    last: last === 'max' ? lastNumber : Number(last),
  }));
}

/** `reserved "add_to", "clear"`. */
function parseNames(statement: readonly Token[]): readonly string[] {
  return statement.filter(({ text }) => isString(text)).map(({ text }) => text.slice(1, -1));
}

function isString(text: string): boolean {
  return /^["']/.test(text);
}
