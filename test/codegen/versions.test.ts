import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Code } from 'grpc-duplex';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { generate } from '../../src/cli/commands/generate.js';
import type { Contract } from '../../src/contract/contract.js';
import { makeProject } from './support/cli.js';
import { openPair, type Pair } from './support/pair.js';

const rpc = (name: string, options = '') =>
  `rpc ${name}(Note) returns (Note)${options === '' ? ';' : ` { ${options} }`}`;
const oneWay = (name: string) =>
  `rpc ${name}(Note) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = true; }`;

/** The two versions of each contract: operations, then callbacks. */
const histories = {
  added_operation: [
    [rpc('Ask'), rpc('Told')],
    [rpc('New') + rpc('Ask'), rpc('Told')],
  ],
  added_callback: [
    [rpc('Ask'), rpc('Told')],
    [rpc('Ask'), oneWay('Heard') + rpc('Asked') + rpc('Told')],
  ],
  removed_operation: [
    [rpc('Gone') + rpc('Ask'), rpc('Told')],
    [rpc('Ask'), rpc('Told')],
  ],
  reordered: [
    [rpc('Ask') + rpc('Beg'), rpc('Told') + rpc('Heard')],
    [rpc('Beg') + rpc('Ask'), rpc('Heard') + rpc('Told')],
  ],
  renamed: [
    [rpc('Ask'), rpc('Told')],
    [rpc('Request', 'option (duplex.v1.operation).number = 100;'), rpc('Told')],
  ],
  now_two_way: [
    [rpc('Ask') + oneWay('Tell'), rpc('Told')],
    [rpc('Ask') + rpc('Tell'), rpc('Told')],
  ],
} as const satisfies Readonly<Record<string, readonly (readonly [operations: string, callbacks: string])[]>>;

type History = keyof typeof histories;

function source(name: History, index: 0 | 1): string {
  const [operations, callbacks] = histories[name][index];
  return `syntax = "proto3"; package ${name}.v1;
    import "duplex/v1/contract.proto"; import "google/protobuf/empty.proto";
    service DemoService { option (duplex.v1.contract).callback = "DemoCallbackService"; ${operations} }
    service DemoCallbackService { ${callbacks} }
    message Note { string text = 1; }`;
}

const project = makeProject({ 'package.json': '{ "type": "module" }' });
afterAll(project.remove);

beforeAll(async () => {
  for (const [index, out] of [
    [0, 'old'],
    [1, 'new'],
  ] as const) {
    for (const name of Object.keys(histories) as History[]) project.write(`proto/${name}.proto`, source(name, index));
    expect(await project.run(generate, '--out', out)).toMatchObject({ code: 0, err: [] });
  }
});

async function load(version: 'old' | 'new', name: History): Promise<Contract> {
  const module = await import(pathToFileURL(join(project.folder, version, `${name}_duplex.ts`)).href);
  return module.Demo;
}

/** A client of one version and a service of the other. */
async function pair(name: History, client: 'old' | 'new'): Promise<Pair> {
  const pair = await openPair(await load(client, name), await load(client === 'old' ? 'new' : 'old', name));
  onTestFinished(pair.end);
  return pair;
}

const unimplemented = { kind: 'fault', code: Code.UNIMPLEMENTED };

test.each(['old', 'new'] as const)('an added operation leaves the others alone, with %s client', async (client) => {
  const { service, callback } = await pair('added_operation', client);
  expect(await service['ask']?.({ text: 'x' })).toEqual({ text: 'ask x' });
  expect(await callback['told']?.({ text: 'y' })).toEqual({ text: 'told y' });
  if (client === 'new') await expect(service['new']?.()).rejects.toMatchObject(unimplemented);
});

test('an added two-way callback is UNIMPLEMENTED at an old client, and a one-way one disturbs nothing there', async () => {
  const { peer, service, callback, handled } = await pair('added_callback', 'old');
  await expect(callback['asked']?.()).rejects.toMatchObject(unimplemented);
  await callback['heard']?.();
  expect(await callback['told']?.({ text: 'y' })).toEqual({ text: 'told y' });
  expect(await service['ask']?.({ text: 'x' })).toEqual({ text: 'ask x' });
  expect(handled).toEqual(['told', 'ask']);
  expect(peer.status).toBe('opened');
});

test('a new client waits in vain for callbacks that an old service does not know, and for nothing else', async () => {
  const { service, callback } = await pair('added_callback', 'new');
  expect(await callback['told']?.({ text: 'y' })).toEqual({ text: 'told y' });
  expect(await service['ask']?.({ text: 'x' })).toEqual({ text: 'ask x' });
});

test('a removed operation is UNIMPLEMENTED for an old client', async () => {
  const { service } = await pair('removed_operation', 'old');
  await expect(service['gone']?.()).rejects.toMatchObject(unimplemented);
  expect(await service['ask']?.({ text: 'x' })).toEqual({ text: 'ask x' });
});

test.each(['old', 'new'] as const)('the order of methods means nothing, with %s client', async (client) => {
  const { service, callback } = await pair('reordered', client);
  for (const name of ['ask', 'beg']) expect(await service[name]?.({ text: 'x' })).toEqual({ text: `${name} x` });
  for (const name of ['told', 'heard']) expect(await callback[name]?.({ text: 'y' })).toEqual({ text: `${name} y` });
});

test('a method that is renamed under its number is the same method', async () => {
  const old = await pair('renamed', 'old');
  expect(await old.service['ask']?.({ text: 'x' })).toEqual({ text: 'request x' });
  const fresh = await pair('renamed', 'new');
  expect(await fresh.service['request']?.({ text: 'x' })).toEqual({ text: 'ask x' });
});

test('a one-way operation may get a reply: old clients do not wait for it', async () => {
  const { service, handled } = await pair('now_two_way', 'old');
  await service['tell']?.({ text: 'x' });
  expect(await service['ask']?.({ text: 'x' })).toEqual({ text: 'ask x' });
  expect(handled).toEqual(['tell', 'ask']);
});
