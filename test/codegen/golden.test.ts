import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createFileRegistry, type FileRegistry, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generate } from '../../src/cli/commands/generate.js';
import { compileProtos } from '../../src/cli/proto/compile.js';
import { findSources } from '../../src/cli/proto/sources.js';
import { loadContract } from '../../src/codegen/load-contract.js';
import type { Contract, MethodInfo } from '../../src/contract/contract.js';
import type { MessageCodec } from '../../src/contract/message-codec.js';
import { contractGoldens } from './golden/contract-goldens.js';
import { messageGoldens } from './golden/message-goldens.js';
import { makeProject } from './support/cli.js';
import { compilerErrors, compilers } from './support/compilers.js';
import { type Exchange, exercise, type Sample } from './support/exercise.js';
import { sampleOf } from './support/sample.js';

const goldens = [...messageGoldens, ...contractGoldens];
const project = makeProject(
  Object.fromEntries(
    goldens.flatMap(({ files }) => Object.entries(files).map(([name, text]) => [join('proto', name), text] as const)),
  ),
);
afterAll(project.remove);

// What was received shares the memory of its frame, as a Buffer.
expect.addEqualityTesters([
  (a, b) => (a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : undefined),
]);

let generated: Awaited<ReturnType<typeof project.run>>;
let registry: FileRegistry;
let image: Uint8Array;

beforeAll(async () => {
  project.write('package.json', '{ "type": "module" }');
  generated = await project.run(generate);
  const { targets, others, wireProtos } = findSources({ cwd: project.folder, paths: [], includes: [] });
  const compiled = await compileProtos([...targets, ...wireProtos], others, project.folder);
  if ('findings' in compiled) throw new Error(JSON.stringify(compiled.findings));
  registry = createFileRegistry(compiled.image);
  image = toBinary(FileDescriptorSetSchema, compiled.image);
}, 60_000);

test('every golden contract generates, and its wire proto compiles', () => {
  expect(goldens.length).toBeGreaterThanOrEqual(30);
  expect(generated.err).toEqual([]);
});

test.each(compilers)(
  'what is generated passes %s under the strictest flags, with isolated declarations',
  async (compiler) => {
    expect(await compilerErrors(project.folder, 'src/gen', compiler)).toEqual([]);
  },
  60_000,
);

test('generating again changes nothing', async () => {
  expect(await project.run(generate)).toEqual({ code: 0, out: ['nothing to do'], err: [] });
}, 60_000);

const sample: Sample = ({ $type }) => {
  const desc = registry.getMessage($type);
  if (desc === undefined) throw new Error(`no ${$type}`);
  return sampleOf(desc);
};

test.each(goldens)('$name: every method carries its messages', async ({ files }) => {
  const sources = Object.keys(files).map((name) => join(project.folder, 'proto', name));
  const includeDirs = [join(project.folder, 'proto')];
  for (const contract of await contractsOf(Object.keys(files))) {
    const ofImage = (await loadContract(image, contract.name)) as unknown as Contract;
    // The parser of sources has no such name, and loading says so.
    const isRead = !Object.values(files).some((text) => text.includes('__proto__'));
    const loading = isRead ? loadContract(sources, contract.name, { includeDirs }) : ofImage;
    const ofSources = (await loading) as unknown as Contract;
    expectAll(await exercise(contract, contract, sample), contract);
    expectAll(await exercise(ofImage, contract, sample), contract);
    expectAll(await exercise(contract, ofSources, sample), contract);
    for (const codec of codecsOf(contract)) {
      for (const loaded of [ofImage, ofSources]) expectSameCodec(codec, codecOf(loaded, codec.$type));
    }
  }
});

function expectAll(
  { operations, callbacks }: { readonly operations: readonly Exchange[]; readonly callbacks: readonly Exchange[] },
  contract: Contract,
): void {
  expectExchanges(operations, contract.operations);
  expectExchanges(callbacks, contract.callbacks);
}

function expectExchanges(exchanges: readonly Exchange[], methods: readonly MethodInfo[]): void {
  expect(exchanges).toEqual(
    methods.map(({ localName, shape, request, reply }) => {
      const many = (codec: MessageCodec | undefined, twice: boolean) => {
        const one = codec && sample(codec);
        return one === undefined ? [] : twice ? [one, one] : [one];
      };
      return {
        method: localName,
        requests: many(request, shape === 'request-stream' || shape === 'both-streams'),
        replies: many(reply, shape === 'reply-stream' || shape === 'both-streams'),
      };
    }),
  );
}

/** Codecs of generated code and of descriptors are interchangeable. */
function expectSameCodec(one: MessageCodec, other: MessageCodec | undefined): void {
  const message = sample(one);
  const bytes = one.encode(one.fromPartial(message)).finish();
  expect(other?.decode(bytes)).toEqual(one.decode(bytes));
  expect(one.decode(other?.encode(other.fromPartial(message)).finish() ?? bytes)).toEqual(one.decode(bytes));
  expect(other?.fromPartial({})).toEqual(one.fromPartial({}));
  expect(other?.decode(new Uint8Array())).toEqual(one.decode(new Uint8Array()));
}

function codecsOf({ operations, callbacks, state }: Contract): readonly MessageCodec[] {
  const ofMethods = [...operations, ...callbacks].flatMap(({ request, reply, faults }) => [request, reply, ...faults]);
  return [state, ...ofMethods].filter((codec) => codec !== undefined);
}

function codecOf(contract: Contract, type: string): MessageCodec | undefined {
  return codecsOf(contract).find(({ $type }) => $type === type);
}

async function contractsOf(files: readonly string[]): Promise<readonly Contract[]> {
  const modules = files.map((name) => join(project.folder, 'src/gen', name.replace(/\.proto$/, '_duplex.ts')));
  const present = modules.filter(existsSync);
  const loaded = await Promise.all(present.map((path) => import(pathToFileURL(path).href)));
  return loaded.flatMap((module) => Object.values(module as Record<string, Contract>));
}
