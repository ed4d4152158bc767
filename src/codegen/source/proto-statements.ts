/** One word, number, string or sign of a proto file, and where it starts; lines and columns count from 1. */
export interface Token {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** One statement of a proto file: its tokens up to the semicolon or the brace, and what stands in the braces. */
export interface Statement {
  readonly head: readonly Token[];
  /** Absent if there are no braces. */
  readonly body: readonly Statement[] | undefined;
}

/**
 * Takes a proto file apart without knowing what its statements mean. It never
 * fails, as it has to read files that people merge: what is no proto becomes
 * odd statements.
 */
export function parseStatements(text: string): readonly Statement[] {
  return readStatements(tokenize(text).values());
}

/** A statement and those inside it, at any depth. */
export function withInner(statement: Statement): readonly Statement[] {
  return [statement, ...(statement.body ?? []).flatMap(withInner)];
}

/** Reads to the brace that closes what the tokens are in, or to the end. */
function readStatements(tokens: IterableIterator<Token>): readonly Statement[] {
  const statements: Statement[] = [];
  let head: Token[] = [];
  const add = (body?: readonly Statement[]) => {
    if (head.length > 0 || body !== undefined) statements.push({ head, body });
    head = [];
  };
  for (let next = tokens.next(); !next.done && next.value.text !== '}'; next = tokens.next()) {
    if (next.value.text === '{') add(readStatements(tokens));
    else if (next.value.text === ';') add();
    else head.push(next.value);
  }
  add();
  return statements;
}

/** Comments and blanks are skipped; a sign is any single character that belongs to nothing else. */
const pattern = /(?<skip>\s+|\/\/[^\n]*|\/\*.*?\*\/)|[\w.]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|./gs;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  for (const { 0: part, index, groups } of text.matchAll(pattern)) {
    if (groups?.['skip'] === undefined) tokens.push({ text: part, line, column: index - lineStart + 1 });
    const lines = part.split('\n').length - 1;
    if (lines > 0) lineStart = index + part.lastIndexOf('\n') + 1;
    line += lines;
  }
  return tokens;
}
