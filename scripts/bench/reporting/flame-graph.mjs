// @ts-check
import { readFile, writeFile } from 'node:fs/promises';
import { importPackage } from '../peers/parts/packages.mjs';

/**
 * A function in one place where it is called, and the time in itself.
 *
 * @typedef {{ name: string, place: string, us: number, children: Frame[] }} Frame
 * @typedef {{ data: Frame, value: number, x0: number, x1: number, y0: number, y1: number }} Box as d3-hierarchy lays it out
 */

const WIDTH = 1_200;
const ROW = 16;
const LEGEND = 40;
/** Narrower boxes would not be seen, and make the file large. */
const MIN_WIDTH = 1.5;
const CHARACTER_WIDTH = 6.7;
const US_PER_MS = 1_000;
/** Functions without a file that are no work of the case: waiting, and the profiler's own commands. */
const NO_WORK = new Set(['(idle)', 'dispatch']);
/** Whose code it is: the first one whose part of a path the place of a function contains. */
const OWNERS = /** @type {const} */ ([
  ['protobuf codec', '@bufbuild/protobuf', '#ead97c'],
  ['rxjs', 'node_modules/rxjs', '#d7a1cf'],
  ['grpc-js', '@grpc/grpc-js', '#93c9a1'],
  ['grpc-duplex', '/dist/', '#f2a65a'],
  ['contract, benchmark', '/bench/', '#f6cfa3'],
  ['Node', 'node:', '#a9c1de'],
  ['V8, collector', '', '#d0d0d0'],
]);

/**
 * Draws a CPU profile as a picture: a box is a function, as wide as the time
 * in it and in what it calls, which stands below it.
 *
 * @param {string} profile a `.cpuprofile`
 * @param {string} picture the SVG to write
 * @param {string} title
 */
export async function drawFlameGraph(profile, picture, title) {
  const { hierarchy, partition } = await importPackage('d3-hierarchy');
  const frame = framesOf(JSON.parse(await readFile(profile, 'utf8')));
  fold(frame, (totalOf(frame) * MIN_WIDTH) / WIDTH);
  const root = hierarchy(frame)
    .sum((/** @type {Frame} */ { us }) => us)
    .sort((/** @type {Box} */ a, /** @type {Box} */ b) => b.value - a.value);
  const height = (root.height + 1) * ROW;
  partition().size([WIDTH, height])(root);
  await writeFile(picture, svgOf(root.descendants(), height, title));
}

/** @param {string} name of a function @param {string} url where it is, or '' */
export function isWork(name, url) {
  return url !== '' || !NO_WORK.has(name);
}

/** The tree of calls. @param {import('node:inspector').Profiler.Profile} profile @returns {Frame} */
function framesOf({ nodes, samples = [], timeDeltas = [] }) {
  /** @type {Map<number, Frame>} */
  const frames = new Map();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const place = url === '' ? '' : `${url}:${lineNumber + 1}`;
    frames.set(id, { name: functionName || '(anonymous)', place, us: 0, children: [] });
  }
  for (const { id, children = [] } of nodes) {
    frames.get(id)?.children.push(...children.flatMap((child) => frames.get(child) ?? []));
  }
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame !== undefined && isWork(frame.name, frame.place)) frame.us += timeDeltas[index] ?? 0;
  }
  return frames.get(nodes[0]?.id ?? 0) ?? { name: '', place: '', us: 0, children: [] };
}

/** @param {Frame} frame @returns {number} */
function totalOf({ us, children }) {
  return children.reduce((sum, child) => sum + totalOf(child), us);
}

/** Counts what takes less than this with its caller. @param {Frame} frame @param {number} leastUs */
function fold(frame, leastUs) {
  const [kept, small] = [frame.children.filter(isKept), frame.children.filter((child) => !isKept(child))];
  frame.us += small.reduce((sum, child) => sum + totalOf(child), 0);
  frame.children = kept;
  for (const child of kept) fold(child, leastUs);

  /** @param {Frame} child */
  function isKept(child) {
    return totalOf(child) >= leastUs;
  }
}

/** @param {readonly Box[]} boxes @param {number} height @param {string} title */
function svgOf(boxes, height, title) {
  const total = boxes[0]?.value ?? 1;
  const drawn = boxes.map(({ data: { name, place }, value, x0, x1, y0 }) => {
    const share = `${((100 * value) / total).toFixed(1)} %, ${Math.round(value / US_PER_MS)} ms`;
    const width = x1 - x0;
    const label = name.slice(0, Math.max(0, Math.floor((width - 4) / CHARACTER_WIDTH)));
    const text =
      label.length < 3 ? '' : `<text x="${(x0 + 2).toFixed(1)}" y="${y0 + ROW - 4}">${escaped(label)}</text>`;
    const tip = `<title>${escaped(`${name} ${shortened(place)} ${share}`)}</title>`;
    const size = `x="${x0.toFixed(1)}" y="${y0}" width="${Math.max(width - 0.4, 0.5).toFixed(1)}" height="${ROW - 1}"`;
    return `<rect ${size} fill="${colourOf(place)}">${tip}</rect>${text}`;
  });
  const legend = OWNERS.map(
    ([owner, , colour], index) =>
      `<rect x="${index * 170}" y="22" width="11" height="11" fill="${colour}"/><text x="${index * 170 + 15}" y="32">${owner}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${WIDTH + 8} ${height + LEGEND + 8}" font-family="monospace" font-size="11">
<rect x="-4" y="-4" width="100%" height="100%" fill="#fff"/>
<text y="12" font-size="13">${escaped(title)}</text>
${legend.join('\n')}
<g transform="translate(0 ${LEGEND})">
${drawn.join('\n')}
</g>
</svg>
`;
}

/** @param {string} place */
function colourOf(place) {
  return OWNERS.find(([, part]) => place.includes(part))?.[2];
}

/** @param {string} place */
function shortened(place) {
  return place.replace(/^file:.*\/(?=dist\/|node_modules\/|scripts\/|\.cache\/)/, '');
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
