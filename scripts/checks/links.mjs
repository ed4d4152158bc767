// @ts-check
// Follows the links of all pages to files, folders and headings of this repository. It does not look at the web.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import GithubSlugger from 'github-slugger';

const root = resolve(import.meta.dirname, '../..');
const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
});
const pages = listed.stdout.split('\n').filter((page) => page !== '' && existsSync(join(root, page)));
if (pages.length === 0) throw new Error(`git lists no pages: ${listed.stderr}`);
/** @type {Map<string, ReadonlySet<string>>} */
const anchors = new Map(pages.map((page) => [page, anchorsOf(page)]));

/** @type {Set<string>} */
const linked = new Set(['README.md']);
let count = 0;
const complaints = pages.flatMap((page) => brokenIn(page));
// The index leads to every page of the documentation.
complaints.push(
  ...pages.filter((page) => page.startsWith('docs/') && !linked.has(page)).map((page) => `${page}: no page links it`),
);
for (const complaint of complaints) console.error(complaint);
if (complaints.length === 0) console.log(`${count} links in ${pages.length} pages`);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** @param {string} page @returns {string[]} */
function brokenIn(page) {
  /** @type {string[]} */
  const broken = [];
  for (const [index, line] of prose(page).entries()) {
    for (const [, target = ''] of line.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      count += 1;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
      if (file !== page) linked.add(file);
      const found = existsSync(join(root, file)) && (anchor === undefined || anchors.get(file)?.has(anchor));
      if (!found) broken.push(`${page}:${index + 1} ${target} leads nowhere`);
    }
  }
  return broken;
}

/** Where GitHub lets a link into a page lead. @param {string} page @returns {ReadonlySet<string>} */
function anchorsOf(page) {
  const slugger = new GithubSlugger();
  const headings = prose(page).flatMap((line) => /^#{1,6} +(.*)$/.exec(line)?.[1] ?? []);
  return new Set(headings.map((text) => slugger.slug(text.replace(/\[(.*?)\]\(.*?\)/g, '$1'))));
}

/** The lines of a page, those of code blocks empty. @param {string} page */
function prose(page) {
  let isCode = false;
  return readFileSync(join(root, page), 'utf8')
    .split('\n')
    .map((line) => {
      const isFence = /^\s*```/.test(line);
      if (isFence) isCode = !isCode;
      return isCode || isFence ? '' : line;
    });
}
