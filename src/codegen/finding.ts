import type { RuleId } from './rules/rule-ids.js';

/** A place in a file as people count it: lines and columns from 1. The file is named as the compiler names it. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One reason why nothing is generated: where it is, which rule it breaks, and how to mend it. */
export interface Finding {
  /** Absent where the cause is not in a file, as for a wrong plugin option. */
  readonly position?: Position | undefined;
  /** Ours in small letters; those of `buf breaking` in capitals, as buf documents them. */
  readonly rule: RuleId | Uppercase<string>;
  readonly message: string;
  readonly hint: string;
}

/**
 * Findings as the compiler shows them, one per line, in the order of the
 * source: `file:line:column  rule-id  message  hint`. What is found twice, in
 * a callback service that two contracts share, is said once.
 */
export function formatFindings(findings: readonly Finding[]): string {
  return [...new Set(findings.toSorted(byPosition).map(formatFinding))].join('\n');
}

function formatFinding({ position, rule, message, hint }: Finding): string {
  const place = position === undefined ? [] : [`${position.file}:${position.line}:${position.column}`];
  return [...place, rule, message, hint].join('  ');
}

function byPosition({ position: a }: Finding, { position: b }: Finding): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
