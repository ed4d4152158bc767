// @ts-check
import { OURS } from '../registry.mjs';

/**
 * @typedef {import('../types.js').Row} Row
 * @typedef {readonly (readonly string[])[]} Table the first line holds the headings
 */

/** All that was measured, with a line for each peer. @param {readonly Row[]} rows @returns {Table} */
export function fullTable(rows) {
  return [
    ['case', 'unit', OURS, 'compared with', 'figure', 'ratio', 'target', 'result'],
    ...rows.flatMap((row) => {
      const compared = Object.entries(row.peers).map(([name, value]) => [
        name,
        `${readable(value)} ${spreadOf(row, name)}`,
        `${readable(row.ratios[name] ?? Number.NaN)}×`,
        ...verdictOf(row.targets[name]),
      ]);
      const alone = '' in row.targets ? [['', '', '', ...verdictOf(row.targets[''])]] : [];
      const lines = [...alone, ...compared];
      return (lines.length > 0 ? lines : [['', '', '', '', '']]).map((line, index) => [
        ...(index === 0 ? [row.case, row.unit, `${readable(row.ours)} ${spreadOf(row, OURS)}`] : ['', '', '']),
        ...line,
      ]);
    }),
  ];
}

/**
 * The figures that have a headline, beside the two peers that everybody knows.
 *
 * @param {readonly Row[]} rows
 * @param {ReadonlyMap<string, string>} headlines by the name of the figure
 * @returns {Table}
 */
export function shortTable(rows, headlines) {
  const named = [...headlines].flatMap(([name, headline]) =>
    rows.filter((row) => row.case === name).map((row) => ({ row, headline })),
  );
  return [
    ['', OURS, 'raw grpc-js', '', 'Socket.IO', ''],
    ...named.map(({ row, headline }) => [
      headline,
      `${readable(row.ours)} ${row.unit}`,
      ...beside(row, 'grpc-js'),
      ...beside(row, 'socket.io'),
    ]),
  ];
}

/** @param {Row} row @param {string} name */
function beside({ peers, ratios }, name) {
  const value = peers[name];
  return value === undefined ? ['', ''] : [readable(value), `${readable(ratios[name] ?? Number.NaN)}×`];
}

/** @param {Row} row @param {string} name */
function spreadOf({ spreads }, name) {
  return `±${Math.round((spreads[name] ?? 0) * 100)} %`;
}

/** @param {{ text: string, pass: boolean } | undefined} target */
function verdictOf(target) {
  return target === undefined ? ['', ''] : [target.text, target.pass ? 'pass' : 'falls short'];
}

/** Three significant digits, grouped. @param {number} value */
function readable(value) {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** As text in columns. @param {Table} table */
export function asText(table) {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => (line[column] ?? '').length))) ?? [];
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As a table of Markdown. @param {Table} table */
export function asMarkdown([headings = [], ...lines]) {
  return [headings, headings.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
