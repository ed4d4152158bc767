import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { createHost } from 'grpc-duplex';
import { Client as ReflectionClient } from 'grpc-reflection-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCalculator } from '../../examples/calculator/calculator.js';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';

const wireService = 'calculator.v1.CalculatorDuplexService';

/** A host that describes itself, and the reflection client that Postman and Insomnia have inside. */
async function describeCalculator() {
  const host = createHost({ reflection: true, health: true });
  onTestFinished(async () => void (await host.stop()));
  host.add(Calculator, createCalculator);
  const { address } = await host.listen('localhost:0');
  const reflection = new ReflectionClient(address, credentials.createInsecure());
  onTestFinished(() => reflection.grpcClient.close());
  return { address, reflection };
}

describe('the reflection client of Postman and Insomnia', () => {
  it('lists the services, and resolves each of them with all that it imports', async () => {
    const { reflection } = await describeCalculator();
    const names = await reflection.listServices();
    expect(names).toContain(wireService);
    for (const name of names) {
      const root = await reflection.fileContainingSymbol(name);
      root.resolveAll();
      expect(Object.keys(root.lookupService(name).methods).length, name).toBeGreaterThan(0);
    }
  });

  it('opens a session with nothing but what the host has told, and hears a callback', async () => {
    const { address, reflection } = await describeCalculator();
    const root = await reflection.fileContainingSymbol(wireService);
    const connect = root.lookupService(wireService).methods['Connect'];
    expect(connect).toMatchObject({ requestStream: true, responseStream: true });
    const operation = root.lookupType('calculator.v1.CalculatorClientEnvelope');
    const event = root.lookupType('calculator.v1.CalculatorServerEnvelope');
    const client = new GrpcClient(address, credentials.createInsecure());
    onTestFinished(() => client.close());
    const stream = client.makeBidiStreamRequest(
      `/${wireService}/Connect`,
      (json: object) => Buffer.from(operation.encode(operation.fromObject(json)).finish()),
      (bytes) => event.toObject(event.decode(bytes)),
    );
    stream.write({ add_to: { n: 100 } });
    stream.end();
    const events: unknown[] = [];
    for await (const told of stream) events.push(told);
    expect(events).toContainEqual({ equals: { result: 100 } });
  });
});
