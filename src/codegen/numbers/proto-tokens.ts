/** One word, number, string or sign of a proto file, and the line it is on. */
export interface Token {
  readonly text: string;
  readonly line: number;
}

/** Comments and blanks are skipped; a sign is any single character that belongs to nothing else. */
const pattern = /(?<skip>\s+|\/\/[^\n]*|\/\*.*?\*\/)|[\w.]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|./gs;

/** Cuts the text of a proto file into tokens. It never fails: what is no proto becomes odd tokens. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const { 0: part, groups } of text.matchAll(pattern)) {
    if (groups?.['skip'] === undefined) tokens.push({ text: part, line });
    line += part.split('\n').length - 1;
  }
  return tokens;
}
