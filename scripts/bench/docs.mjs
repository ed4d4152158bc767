// @ts-check
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asMarkdown } from './report.mjs';

const page = resolve(import.meta.dirname, '../../docs/performance.md');
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/**
 * Replaces what stands between the markers of docs/performance.md.
 *
 * @param {readonly (readonly string[])[]} lines
 * @param {string} machine
 */
export async function writeDocs(lines, machine) {
  const text = await readFile(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${page} lacks the markers ${BEGIN} and ${END}`);
  const table = `${BEGIN}\nMeasured on ${machine}.\n\n${asMarkdown(lines)}\n`;
  await writeFile(page, text.slice(0, begin) + table + text.slice(end));
}
