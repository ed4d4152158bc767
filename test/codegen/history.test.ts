import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contains } from '../../src/codegen/numbers/number-set.js';
import { type EnvelopeRecord, parseWireRecord } from '../../src/codegen/numbers/wire-record.js';
import { buf, createWorkspace } from './support/compile.js';
import { applyEdit, createVersions, type Edit, edits, firstVersion } from './support/history.js';
import { run } from './support/run.js';

const requestOf = createVersions();
const file = 'demo_duplex.proto';

/** The wire protos that a contract goes through, one for each release. */
async function wireProtosOf(history: readonly (readonly Edit[])[]): Promise<readonly string[]> {
  let names = firstVersion.length;
  const fresh = () => `M${names++}`;
  let version = firstVersion;
  const wireProtos: string[] = [];
  for (const release of [[], ...history]) {
    for (const edit of release) version = applyEdit(version, edit, fresh);
    const last = wireProtos.at(-1);
    const numbers = new Map(
      [...(last ?? '').matchAll(/Note (m_?\d+) = (\d+);/g)].map(([, arm, no]) => [arm, Number(no)]),
    );
    const numberOf = (name: string) =>
      numbers.get(name.toLowerCase()) ?? numbers.get(name.toLowerCase().replace('m', 'm_'));
    const { files, findings } = await run(
      requestOf(version, numberOf),
      new Map(last === undefined ? [] : [[file, last]]),
    );
    expect(findings).toEqual([]);
    wireProtos.push(files.get(file) ?? '');
  }
  return wireProtos;
}

const histories = fc.array(edits, { minLength: 1, maxLength: 6 });

test('whatever is edited, each wire proto can read what any earlier one wrote', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const wireProtos = (await wireProtosOf(history)).map(parseWireRecord);
      for (const [index, now] of wireProtos.entries()) {
        for (const before of wireProtos.slice(0, index)) {
          for (const name of ['DemoClientEnvelope', 'DemoServerEnvelope'])
            expectCompatible(before.get(name), now.get(name));
        }
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 8_000, endOnFailure: true },
  );
});

/** What a number meant, it still means; or it is reserved, and stays so. */
function expectCompatible(before: EnvelopeRecord | undefined, now: EnvelopeRecord | undefined): void {
  if (before === undefined || now === undefined) throw new Error('an envelope is gone');
  for (const { number, type } of before.arms) {
    const arm = now.arms.find((arm) => arm.number === number);
    if (arm === undefined) expect(contains(now.reservedNumbers, number)).toBe(true);
    else expect(arm.type).toBe(type);
  }
  const live = new Set(now.arms.map(({ number }) => number));
  expect(now.arms).toHaveLength(live.size);
  expect([...live].filter((number) => contains(now.reservedNumbers, number))).toEqual([]);
}

test('buf says the same', async () => {
  const demo = 'syntax = "proto3"; package demo.v1; message Note { string text = 1; }';
  const { folder, remove } = createWorkspace({
    'demo.proto': `${demo.replace('message', 'import "google/protobuf/empty.proto"; message')}`,
  });
  const config = JSON.stringify({ version: 'v2', breaking: { use: ['WIRE'] } });
  try {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        let before: string | undefined;
        for (const [index, text] of (await wireProtosOf(history)).entries()) {
          writeFileSync(join(folder, 'proto', file), text);
          const image = `${index}.binpb`;
          buf(folder, 'build', '-o', image);
          if (before !== undefined) buf(folder, 'breaking', image, '--against', before, '--config', config);
          before = image;
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  } finally {
    remove();
  }
});

test('a method that became one-way can still be renamed under its number', async () => {
  const wireProtos = await wireProtosOf([[{ kind: 'toggle one-way', at: 0 }], [{ kind: 'rename', at: 0 }]]);
  expect(wireProtos.at(-1)).toMatch(/Note m4 = 100;/);
});
