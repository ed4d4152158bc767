import type { Lines } from './text.js';

/** A comment for tools and people that read the declaration below it; nothing where there is nothing to say. */
export function printDocComment(text: readonly string[], deprecated = false): Lines {
  const lines = [...text, ...(deprecated ? ['@deprecated'] : [])].map((line) => line.replaceAll('*/', '* /'));
  const [only] = lines;
  if (only === undefined) return [];
  if (lines.length === 1) return [`/** ${only} */`];
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}
