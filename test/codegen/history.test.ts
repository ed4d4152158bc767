import { create, toBinary } from '@bufbuild/protobuf';
import { type CodeGeneratorRequest, type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { Code } from 'grpc-duplex';
import { expect, test } from 'vitest';
import { findBreaking } from '../../src/cli/proto/breaking.js';
import { compareVersions } from '../../src/codegen/evolution/compare-versions.js';
import { readVersions, withoutContracts } from '../../src/codegen/evolution/contract-versions.js';
import { withoutLifted } from '../../src/codegen/evolution/lifted-reservations.js';
import { loadContract } from '../../src/codegen/load-contract.js';
import { contains } from '../../src/codegen/numbers/number-set.js';
import { type EnvelopeRecord, parseWireRecord } from '../../src/codegen/numbers/wire-record.js';
import type { Contract, MethodInfo } from '../../src/contract/contract.js';
import { compile, root } from './support/compile.js';
import { applyEdit, createVersions, type Edit, edits, firstVersion } from './support/history.js';
import { type Methods, openPair } from './support/pair.js';
import { run } from './support/run.js';

const requestOf = createVersions();
const file = 'demo_duplex.proto';

/** One version of the contract, as it is released: with the wire proto that was generated for it. */
interface Release {
  readonly request: CodeGeneratorRequest;
  readonly wireProto: string;
}

/** The releases that a contract goes through. */
async function releasesOf(history: readonly (readonly Edit[])[]): Promise<readonly Release[]> {
  let names = firstVersion.length;
  const fresh = () => `M${names++}`;
  let version = firstVersion;
  const releases: Release[] = [];
  for (const edits of [[], ...history]) {
    for (const edit of edits) version = applyEdit(version, edit, fresh);
    const last = releases.at(-1)?.wireProto;
    const numbers = new Map(
      [...(last ?? '').matchAll(/Note (m\d+) = (\d+);/g)].map(([, arm, no]) => [arm, Number(no)]),
    );
    const request = requestOf(version, (name) => numbers.get(name.toLowerCase()));
    const { files, findings } = await run(request, new Map(last === undefined ? [] : [[file, last]]));
    expect(findings).toEqual([]);
    releases.push({ request, wireProto: files.get(file) ?? '' });
  }
  return releases;
}

/** Contract and wire proto of a release, as buf would put them into an image. */
function imageOf({ request, wireProto }: Release): FileDescriptorSet {
  const note = `syntax = "proto3"; package demo.v1; import "google/protobuf/empty.proto"; message Note { string text = 1; }`;
  const wire = compile({ 'demo.proto': note, [file]: wireProto });
  const known = new Set(request.protoFile.map(({ name }) => name));
  return create(FileDescriptorSetSchema, {
    file: [...request.protoFile, ...wire.protoFile.filter(({ name }) => !known.has(name))],
  });
}

const histories = fc.array(edits, { minLength: 1, maxLength: 6 });

test('whatever is edited, each wire proto can read what any earlier one wrote', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const wireProtos = (await releasesOf(history)).map(({ wireProto }) => parseWireRecord(wireProto));
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

test('buf and `duplex check` say the same, and clients of one release talk to services of another', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const images = (await releasesOf(history)).map(imageOf);
      for (const [index, image] of images.slice(1).entries()) {
        await expectNoFindings(images[index] ?? image, image);
      }
      const contracts = await Promise.all(images.map(load));
      const [first, second, last] = [contracts[0], contracts[1], contracts.at(-1)];
      for (const other of new Set([second, last])) {
        if (first === undefined || other === undefined) throw new Error('no releases');
        await expectTalk(first, other);
        await expectTalk(other, first);
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
}, 120_000);

async function expectNoFindings(before: FileDescriptorSet, now: FileDescriptorSet): Promise<void> {
  const [old, fresh] = [readVersions(before), readVersions(now)];
  expect(compareVersions(old, fresh)).toEqual([]);
  const former = withoutLifted(withoutContracts(before, old), old, fresh);
  expect(await findBreaking(former, withoutContracts(now, fresh), root)).toEqual([]);
}

async function load(image: FileDescriptorSet): Promise<Contract> {
  return (await loadContract(toBinary(FileDescriptorSetSchema, image), 'demo.v1.DemoService')) as unknown as Contract;
}

/** Every method of either side is called: it reaches the method of its number, or nobody. Each direction has its order. */
async function expectTalk(ofClient: Contract, ofService: Contract): Promise<void> {
  const { service, callback, handled, peer, end } = await openPair(ofClient, ofService);
  try {
    const operations = await expectCalls(service, ofClient.operations, ofService.operations);
    const callbacks = await expectCalls(callback, ofService.callbacks, ofClient.callbacks);
    await peer.close();
    expect(handled.filter((name) => operations.includes(name))).toEqual(operations);
    expect(handled.filter((name) => !operations.includes(name))).toEqual(callbacks);
  } finally {
    await end();
  }
}

/** The names under which the calls should be handled. */
async function expectCalls(
  proxy: Methods,
  callers: readonly MethodInfo[],
  callees: readonly MethodInfo[],
): Promise<readonly string[]> {
  const handled: string[] = [];
  for (const { localName, number, shape } of callers) {
    const callee = callees.find((method) => method.number === number);
    if (callee !== undefined) handled.push(callee.localName);
    const result = Promise.resolve(proxy[localName]?.({ text: localName }));
    if (shape === 'one-way') await result;
    else if (callee === undefined) await expect(result).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
    else expect(await result).toEqual({ text: callee.shape === 'one-way' ? '' : `${callee.localName} ${localName}` });
  }
  return handled;
}

test('a method may be renamed and become one-way at once', async () => {
  const releases = await releasesOf([
    [
      { kind: 'toggle one-way', at: 0 },
      { kind: 'rename', at: 0 },
    ],
  ]);
  expect(releases.at(-1)?.wireProto).toMatch(/Note m4 = 100;/);
});

test('a method that became one-way can still be renamed under its number', async () => {
  const releases = await releasesOf([[{ kind: 'toggle one-way', at: 0 }], [{ kind: 'rename', at: 0 }]]);
  expect(releases.at(-1)?.wireProto).toMatch(/Note m4 = 100;/);
});
