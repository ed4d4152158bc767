// @ts-check
// What was measured, where readers find it: docs/performance.json, and tables of it in two pages.
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { allCases } from '../registry.mjs';
import { asMarkdown, fullTable, shortTable } from './tables.mjs';

/** @typedef {import('../types.js').Results} Results */

const root = resolve(import.meta.dirname, '../../..');
const file = resolve(root, 'docs/performance.json');
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** What docs/performance.json says. @returns {Promise<Results>} */
export async function readResults() {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** The tables of these results, by the page in which they stand. @param {Results} results */
export async function tablesOf({ machine, rows }) {
  const measuredOn = `Measured on ${machine}.`;
  const figures = (await allCases()).flatMap((each) => each.figures);
  const headlines = new Map(
    figures.flatMap(({ name, headline }) => (headline === undefined ? [] : [[name, headline]])),
  );
  return {
    'docs/performance.md': `${measuredOn}\n\n${asMarkdown(fullTable(rows))}`,
    'README.md': `${asMarkdown(shortTable(rows, headlines))}\n\n${measuredOn}`,
  };
}

/**
 * Puts these results in the place of those of the same figures, and writes the
 * tables anew.
 *
 * @param {Results} results
 */
export async function writeDocs({ machine, rows }) {
  const names = (await allCases()).flatMap(({ figures }) => figures.map(({ name }) => name));
  const all = [...rows, ...(await readResults()).rows];
  const merged = names.flatMap((name) => all.find((row) => row.case === name) ?? []);
  const results = { machine, rows: merged };
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  for (const [page, table] of Object.entries(await tablesOf(results))) {
    const path = resolve(root, page);
    const { before, after } = around(page, await readFile(path, 'utf8'));
    await writeFile(path, `${before}${table}${after}`);
  }
}

/** What stands between the markers of a page. @param {string} page */
export async function tableIn(page) {
  return around(page, await readFile(resolve(root, page), 'utf8')).table;
}

/** @param {string} page @param {string} text */
function around(page, text) {
  const [begin, end] = [text.indexOf(`${BEGIN}\n`) + BEGIN.length + 1, text.indexOf(`\n${END}`)];
  if (begin <= BEGIN.length || end < begin) throw new Error(`${page} lacks the markers ${BEGIN} and ${END}`);
  return { before: text.slice(0, begin), table: text.slice(begin, end), after: text.slice(end) };
}
