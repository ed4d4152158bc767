import { clone } from '@bufbuild/protobuf';
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, proto } from './support/compile.js';
import { run } from './support/run.js';

const operations = ['A', 'B', 'C', 'D', 'E'];
const callbacks = ['V', 'W', 'X', 'Y'];
const rpc = (name: string) => `rpc ${name}(Note) returns (Note);`;

/** One version of a contract: which methods it has, in which order. */
const version = fc.record({
  operations: fc.shuffledSubarray(operations, { minLength: 1 }),
  callbacks: fc.shuffledSubarray(callbacks, { minLength: 1 }),
});

test('whatever a contract goes through, a number means one method, and a method keeps its number', async () => {
  const all = compile({
    'demo.proto': proto(`
      service DemoService {
        option (duplex.v1.contract).callback = "DemoCallbackService";
        ${operations.map(rpc).join('\n')}
      }
      service DemoCallbackService { ${callbacks.map(rpc).join('\n')} }
      message Note {}`),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(version, { minLength: 2, maxLength: 6 }), async (versions) => {
      let wireProto: string | undefined;
      const owners = new Map<number, string>();
      let live: ReadonlySet<string> = new Set();
      const removed = new Set<string>();
      for (const { operations, callbacks } of versions) {
        const names = new Set([...operations, ...callbacks]);
        const present = new Map(wireProto === undefined ? [] : [['demo_duplex.proto', wireProto]]);
        const { files, findings } = await run(select(all, operations, callbacks), present);
        if ([...names].some((name) => removed.has(name))) {
          expect(findings.every((finding) => finding.includes('  name-reused  '))).toBe(true);
          continue;
        }
        expect(findings).toEqual([]);
        for (const name of live) if (!names.has(name)) removed.add(name);
        live = names;
        wireProto = files.get('demo_duplex.proto') ?? '';
        for (const [number, name] of requestArms(wireProto)) {
          expect(owners.get(number) ?? name).toBe(name);
          owners.set(number, name);
        }
        expect(new Set(requestArms(wireProto).map(([, name]) => name))).toEqual(names);
        expect(new Set(owners.values()).size).toBe(owners.size);
      }
    }),
    { numRuns: 50 },
  );
});

/** The same request with other methods, as the compiler would give it after an edit. */
function select(
  all: CodeGeneratorRequest,
  operations: readonly string[],
  callbacks: readonly string[],
): CodeGeneratorRequest {
  const request = clone(CodeGeneratorRequestSchema, all);
  const services = request.protoFile.find(({ name }) => name === 'demo.proto')?.service ?? [];
  for (const service of services) {
    const wanted = service.name === 'DemoService' ? operations : callbacks;
    service.method = wanted.flatMap((name) => service.method.filter((method) => method.name === name));
  }
  return request;
}

function requestArms(wireProto: string): readonly (readonly [number, string])[] {
  return [...wireProto.matchAll(/Note ([a-z]) = (\d+);/g)].map(([, name = '', number]) => [
    Number(number),
    name.toUpperCase(),
  ]);
}
