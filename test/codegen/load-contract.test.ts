import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createHost } from 'grpc-duplex';
import { lastValueFrom, of, toArray } from 'rxjs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { generate } from '../../src/cli/commands/generate.js';
import { loadContract } from '../../src/codegen/load-contract.js';
import type { Contract } from '../../src/contract/contract.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { createProject } from './support/cli.js';
import { buf, createWorkspace, proto, root } from './support/compile.js';

const calculatorName = 'calculator.v1.CalculatorService';
const everythingName = 'testing.v1.EverythingService';
const examples = join(root, 'examples/calculator/proto');
const support = join(root, 'test/support/proto');

/** An image of the protos of both, wire protos included, as buf makes it. */
let image: Uint8Array;

beforeAll(() => {
  const { folder, remove } = createWorkspace({});
  for (const from of [examples, support]) cpSync(from, join(folder, 'proto'), { recursive: true });
  image = buf(folder, 'build', '-o', '-#format=binpb');
  remove();
});

type CalculatorContract = Contract<Calculator.Operations, Calculator.Callbacks, Calculator.State>;
type EverythingContract = Contract<Everything.Operations, Everything.Callbacks, Everything.State>;
type Loader = 'proto files' | 'an image';

function loadCalculator(loader: Loader): Promise<CalculatorContract> {
  const source = loader === 'an image' ? image : join(examples, 'calculator/v1/calculator.proto');
  return loadContract<Calculator.Operations, Calculator.Callbacks, Calculator.State>(source, calculatorName);
}

function loadEverything(loader: Loader): Promise<EverythingContract> {
  const source = loader === 'an image' ? image : ['testing/v1/everything.proto'];
  return loadContract(source, everythingName, { includeDirs: [support] });
}

/** A contract as data: codecs by the names of their types. */
function describeContract(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$type' in value) return value.$type;
  if (Array.isArray(value)) return value.map(describeContract);
  const entries = Object.entries(value).filter(([key]) => key !== 'descriptors');
  return Object.fromEntries(entries.map(([key, item]) => [key, describeContract(item)]));
}

async function serveCalculator(contract: CalculatorContract): Promise<string> {
  const host = createHost();
  onTestFinished(() => host.stop().then(() => {}));
  host.add(
    contract,
    (session) => {
      const set = (result: number) => {
        session.state.set({ result, equation: `${result}` });
        session.callback.equals({ result });
      };
      return {
        addTo: ({ n }) => set(session.state.value.result + n),
        subtractFrom: ({ n }) => set(session.state.value.result - n),
        multiplyBy: ({ n }) => set(session.state.value.result * n),
        divideBy: ({ n }) => set(session.state.value.result / n),
        clear: () => void session.callback.equation({ equation: session.state.value.equation }),
      };
    },
    { initialState: { result: 0, equation: '0' } },
  );
  return (await host.listen('localhost:0')).address;
}

async function calculate(contract: CalculatorContract, address: string): Promise<readonly unknown[]> {
  const calculator = connect(contract, address);
  const seen: unknown[] = [];
  calculator.callback$.subscribe(({ name, request }) => seen.push([name, request]));
  calculator.service.addTo({ n: 100 });
  calculator.service.divideBy({ n: 8 });
  await calculator.service.clear({});
  await calculator.close();
  return [...seen, calculator.state];
}

describe.each(['proto files', 'an image'] as const)('a contract that is loaded from %s', (loader) => {
  test('is the generated one, with other codecs', async () => {
    expect(describeContract(await loadCalculator(loader))).toEqual(describeContract(Calculator));
    expect(describeContract(await loadEverything(loader))).toEqual(describeContract(Everything));
  });

  test('has the descriptors for reflection, if its source has them', async () => {
    const descriptors = (await loadEverything(loader)).descriptors();
    expect(descriptors).toEqual(loader === 'an image' ? Everything.descriptors() : []);
  });

  test.each(['service', 'client', 'both'] as const)('runs the calculator: %s', async (side) => {
    const loaded = await loadCalculator(loader);
    const address = await serveCalculator(side === 'client' ? Calculator : loaded);
    expect(await calculate(side === 'service' ? Calculator : loaded, address)).toEqual([
      ['equals', { result: 100 }],
      ['equals', { result: 12.5 }],
      ['equation', { equation: '12.5' }],
      { result: 12.5, equation: '12.5' },
    ]);
  });

  test('streams', async () => {
    const loaded = await loadEverything(loader);
    const host = createHost();
    onTestFinished(() => host.stop().then(() => {}));
    const handler: Partial<Everything.Handler> = {
      count: ({ count }) => of(...Array.from({ length: count }, (_, value) => ({ value }))),
      echo: (request) => request,
    };
    host.add(loaded, () => handler as Everything.Handler);
    const { address } = await host.listen('localhost:0');
    const client = connect(Everything, address);
    onTestFinished(() => client.abort());
    expect(await lastValueFrom(client.service.count({ count: 3 }).pipe(toArray()))).toHaveLength(3);
    expect(await client.service.echo({ text: 'here' })).toMatchObject({ text: 'here' });
  });
});

describe('loading refuses', () => {
  const demo = (option = '') =>
    proto(`import "note.proto";
    service DemoService { option (duplex.v1.contract) = { ${option} }; rpc Ask(Note) returns (Note); }
    service PlainService { rpc Ask(Note) returns (Note); }`);
  const note = 'syntax = "proto3"; package demo.v1; message Note { map<string, int64> counts = 1; }';

  test.each([
    ['a service that is not there', 'demo.v1.NoService', {}, 'no service demo.v1.NoService is declared'],
    ['a service that is no contract', 'demo.v1.PlainService', {}, 'demo.v1.PlainService is no contract'],
    ['a contract without its wire proto', 'demo.v1.DemoService', {}, 'demo.v1.DemoService has no wire proto'],
    [
      'a method that the wire proto does not know yet',
      'demo.v1.DemoService',
      { 'demo_duplex.proto': 'message DemoClientEnvelope { oneof content { Note old = 100; } }' },
      'demo_duplex.proto is older than demo.v1.DemoService.Ask',
    ],
    [
      'a contract that breaks a rule',
      'demo.v1.DemoService',
      { 'demo.proto': demo('callback: "Missing"') },
      'callback-unknown',
    ],
    [
      'an import that is missing',
      'demo.v1.DemoService',
      { 'demo.proto': demo().replace('note.proto', 'no.proto') },
      'no.proto',
    ],
    [
      'a name that its parser would pass over',
      'demo.v1.DemoService',
      { 'note.proto': note.replace('counts', '__proto__') },
      'note.proto has the name __proto__, which the parser passes over: load an image instead',
    ],
    [
      'a proto that does not compile',
      'demo.v1.DemoService',
      { 'demo.proto': 'message {' },
      'demo.proto: illegal type name',
    ],
  ])('%s', async (_, service, files, message) => {
    const { folder } = createProject({ 'demo.proto': demo(), 'note.proto': note, ...files });
    await expect(loadContract(join(folder, 'demo.proto'), service)).rejects.toThrow(message);
  });

  test('nothing where an import is found in a folder around the contract', async () => {
    const { folder, run } = createProject({
      'proto/demo/v1/demo.proto': demo().replace('note.proto', 'demo/v1/note.proto'),
      'proto/demo/v1/note.proto': note,
    });
    await run(generate, '--opt', 'outputServices=none');
    const contract = await loadContract(join(folder, 'proto/demo/v1/demo.proto'), 'demo.v1.DemoService');
    expect(contract.operations).toMatchObject([{ localName: 'ask', number: 100, shape: 'request-reply' }]);
  });

  test('a file that is missing', async () => {
    await expect(loadContract('missing.proto', 'demo.v1.DemoService')).rejects.toThrow('no such file: missing.proto');
  });
});
