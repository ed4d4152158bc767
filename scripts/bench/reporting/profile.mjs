// @ts-check
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pair } from '../measuring/pair.mjs';
import { installPackages } from '../peers/parts/packages.mjs';
import { caseNamed, OURS } from '../registry.mjs';
import { drawFlameGraph, isWork } from './flame-graph.mjs';

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.cache/bench');
const WARM_UP_MS = 2_000;
const PROFILE_MS = 4_000;
/** Functions that the summary names. */
const SHOWN = 25;

/**
 * Writes CPU profiles of our client and server at work on a case, for the
 * developer tools of a browser, and a picture of each; returns what takes most
 * time as text.
 *
 * @param {string} caseName
 */
export async function profile(caseName) {
  await mkdir(folder, { recursive: true });
  const files = {
    client: join(folder, `${caseName}-client.cpuprofile`),
    server: join(folder, `${caseName}-server.cpuprofile`),
  };
  const measured = await caseNamed(caseName);
  const load = 'measure' in measured ? measured.load : undefined;
  if ('measure' in measured && load === undefined) return `${caseName} cannot be profiled`;
  const pair = await Pair.start(OURS, caseName);
  await (load?.(pair, WARM_UP_MS) ?? pair.warmUp(WARM_UP_MS));
  await pair.profile();
  await (load?.(pair, PROFILE_MS) ?? pair.round(PROFILE_MS));
  await pair.writeProfiles(files);
  await pair.stop();
  const inTheWay = await installPackages();
  if (inTheWay !== undefined) console.error(`without pictures: ${inTheWay}`);
  else for (const [side, file] of Object.entries(files)) await draw(file, `${caseName}, ${side}`);
  const summaries = Object.values(files).map(async (file) => `${relative(root, file)}\n${await summary(file)}`);
  return (await Promise.all(summaries)).join('\n');
}

/** @param {string} file @param {string} title */
function draw(file, title) {
  return drawFlameGraph(file, file.replace('.cpuprofile', '.svg'), `grpc-duplex, ${title}`);
}

/** The functions that take most time themselves. @param {string} file */
async function summary(file) {
  /** @type {import('node:inspector').Profiler.Profile} */
  const { nodes, samples = [], timeDeltas = [] } = JSON.parse(await readFile(file, 'utf8'));
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<string, number>} */
  const times = new Map();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const frame = nodeOf.get(id)?.callFrame;
    const time = timeDeltas[index] ?? 0;
    if (frame === undefined || !isWork(frame.functionName, frame.url)) continue;
    total += time;
    const where = frame.url === '' ? '' : `  ${shortened(frame.url)}:${frame.lineNumber + 1}`;
    const place = `${frame.functionName || '(anonymous)'}${where}`;
    times.set(place, (times.get(place) ?? 0) + time);
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([place, time]) => `${((100 * time) / total).toFixed(1).padStart(7)} %  ${place}`)
    .join('\n');
}

/** @param {string} url */
function shortened(url) {
  return url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
}
