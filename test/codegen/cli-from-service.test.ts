import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createHost } from 'grpc-duplex';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { generate } from '../../src/cli/commands/generate.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { createProject } from './support/cli.js';

async function serve(reflection: boolean): Promise<string> {
  const host = createHost({ reflection });
  onTestFinished(async () => void (await host.stop()));
  host.add(Calculator, () => ({}) as Calculator.Handler);
  host.add(Everything, () => ({}) as Everything.Handler);
  return (await host.listen('localhost:0')).address;
}

/** Numbers, names and shapes of the methods that a generated contract has. */
function methodsIn(typescript: string): readonly string[] {
  return [...typescript.matchAll(/name: '(\w+)',\s+number: (\d+),\s+shape: '([\w-]+)'/g)].map((match) =>
    match.slice(1).join(' '),
  );
}

describe('duplex generate --from', () => {
  test('writes the TypeScript of the contracts that a running service describes, with its numbers', async () => {
    const address = await serve(true);
    const project = createProject({});
    const { code, out, err } = await project.run(generate, '--from', address, '--out', 'gen');
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out.toSorted()).toEqual([
      'wrote  gen/calculator/v1/calculator.ts',
      'wrote  gen/calculator/v1/calculator_duplex.ts',
      'wrote  gen/google/protobuf/empty.ts',
      'wrote  gen/testing/v1/everything.ts',
      'wrote  gen/testing/v1/everything_duplex.ts',
    ]);
    expect(existsSync(join(project.folder, 'proto'))).toBe(false);
    const everything = methodsIn(project.read('gen/testing/v1/everything_duplex.ts'));
    expect(everything).toEqual(
      [...Everything.operations, ...Everything.callbacks].map(
        ({ name, number, shape }) => `${name} ${number} ${shape}`,
      ),
    );
    expect(methodsIn(project.read('gen/calculator/v1/calculator_duplex.ts'))).toContain('AddTo 101 one-way');
    expect(await project.run(generate, '--from', address, '--out', 'gen', '--check')).toMatchObject({ code: 0 });
  }, 60_000);

  test('says what to do where a service does not describe itself, or is not there', async () => {
    const project = createProject({});
    const address = await serve(false);
    await expect(project.run(generate, '--from', address)).rejects.toThrow(/createHost\(\{ reflection: true \}\)/);
    await expect(project.run(generate, '--from', 'localhost:1')).rejects.toThrow(/cannot ask localhost:1/);
    await expect(project.run(generate, 'proto', '--from', address)).rejects.toThrow(/--from takes neither/);
  });
});
