import { create, createFileRegistry, fromBinary, getOption } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, connect, createHost } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Reflection } from '../support/plain-call.js';

async function serveReflection(): Promise<string> {
  const host = createHost({ reflection: true, health: true });
  onTestFinished(async () => void (await host.stop()));
  host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
  const { address } = await host.listen('localhost:0');
  host.add(Calculator, () => ({}) as Calculator.Handler);
  return address;
}

/** What a client makes of the files: they must link, the imports of each before it. */
function link(files: readonly Uint8Array[]) {
  const file = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes)).reverse();
  const byName = new Map(file.map((one) => [one.name, one]));
  const ordered = new Set<(typeof file)[number]>();
  const visit = (one: (typeof file)[number]): void => {
    for (const name of one.dependency) visit(byName.get(name) as typeof one);
    ordered.add(one);
  };
  file.forEach(visit);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
}

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  it('names what the host serves, also what was added after it began to listen', async () => {
    const reflection = new Reflection(await serveReflection(), version);
    expect(await reflection.ask({ $case: 'listServices', value: '' })).toEqual({
      $case: 'listServicesResponse',
      value: {
        service: [
          { name: 'calculator.v1.CalculatorDuplexService' },
          { name: 'grpc.health.v1.Health' },
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: 'grpc.reflection.v1alpha.ServerReflection' },
          { name: 'testing.v1.EverythingDuplexService' },
        ],
      },
    });
  });

  it('loses nothing: the custom options of a contract arrive, with the file that declares them', async () => {
    const reflection = new Reflection(await serveReflection(), version);
    const registry = link(
      await reflection.files({ $case: 'fileContainingSymbol', value: 'calculator.v1.CalculatorService' }),
    );
    const option = registry.getExtension('duplex.v1.contract');
    const service = registry.getService('calculator.v1.CalculatorService');
    if (option === undefined || service === undefined) throw new Error('not there');
    expect(getOption(service, option)).toMatchObject({
      callback: 'CalculatorCallbackService',
      state: 'CalculatorState',
    });
  });

  it('describes the wire proto as it is printed', async () => {
    const reflection = new Reflection(await serveReflection(), version);
    const registry = link(
      await reflection.files({ $case: 'fileByFilename', value: 'calculator/v1/calculator_duplex.proto' }),
    );
    const envelope = registry.getMessage('calculator.v1.CalculatorClientEnvelope');
    expect(envelope?.fields.map(({ name, number }) => `${name} = ${number}`)).toEqual([
      ...[
        'seq = 1',
        'ack = 2',
        'backlog = 3',
        'call_id = 4',
        'reply_to = 5',
        'timeout_ms = 6',
        'context = 7',
        'more = 15',
      ],
      ...['control = 16', 'call_open = 17', 'call_complete = 18', 'call_cancel = 19', 'call_fault = 20'],
      ...['clear = 100', 'add_to = 101', 'subtract_from = 102', 'multiply_by = 103', 'divide_by = 104'],
    ]);
    expect(registry.getService('calculator.v1.CalculatorDuplexService')?.methods[0]?.methodKind).toBe('bidi_streaming');
  });

  it.each([
    'calculator.v1.CalculatorDuplexService.Connect',
    'calculator.v1.AddToRequest',
    'calculator.v1.AddToRequest.n',
    'testing.v1.EverythingCallbackService',
    'grpc.health.v1.Health',
    'grpc.reflection.v1alpha.ServerReflection',
    'duplex.v1.Control',
    'duplex.v1.contract',
    'google.protobuf.Any',
  ])('finds the file of %s', async (symbol) => {
    const reflection = new Reflection(await serveReflection(), version);
    expect(link(await reflection.files({ $case: 'fileContainingSymbol', value: symbol }))).toBeDefined();
  });

  it('finds extensions by what they extend', async () => {
    const reflection = new Reflection(await serveReflection(), version);
    const containingType = 'google.protobuf.ServiceOptions';
    const numbers = await reflection.ask({ $case: 'allExtensionNumbersOfType', value: containingType });
    if (numbers?.$case !== 'allExtensionNumbersResponse') throw new Error(JSON.stringify(numbers));
    expect(numbers.value.extensionNumber.length).toBeGreaterThanOrEqual(2);
    for (const extensionNumber of numbers.value.extensionNumber) {
      const value = { containingType, extensionNumber };
      expect(link(await reflection.files({ $case: 'fileContainingExtension', value }))).toBeDefined();
    }
  });

  it('says so of what it does not know, and goes on', async () => {
    const reflection = new Reflection(await serveReflection(), version);
    for (const value of ['no.such.Thing', '', '__proto__', 'constructor']) {
      for (const $case of ['fileContainingSymbol', 'fileByFilename', 'allExtensionNumbersOfType'] as const) {
        expect(await reflection.ask({ $case, value })).toMatchObject({ value: { errorCode: Code.NOT_FOUND } });
      }
    }
    const extension = { containingType: 'calculator.v1.AddToRequest', extensionNumber: 7 };
    expect(await reflection.ask({ $case: 'fileContainingExtension', value: extension })).toMatchObject({
      value: { errorCode: Code.NOT_FOUND },
    });
    expect(await reflection.ask({ $case: 'listServices', value: '' })).toHaveProperty('$case', 'listServicesResponse');
  });
});

describe('a host without reflection', () => {
  it('does not tell', async () => {
    const host = createHost();
    onTestFinished(async () => void (await host.stop()));
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    const { address } = await host.listen('localhost:0');
    await expect(new Reflection(address).ask({ $case: 'listServices', value: '' })).rejects.toMatchObject({
      code: Code.UNIMPLEMENTED,
    });
    const client = connect(Everything, address);
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    await client.close();
  });
});
