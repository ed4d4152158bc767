// How long TypeScript takes for a contract of 200 operations, and for one who uses it.
//
//   node --import tsx test/codegen/compile-time.ts
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import ts from 'typescript';
import { generate } from '../../src/cli/commands/generate.js';
import { root } from './support/compile.js';

const counts = [1, 200];
const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-compile-time-'));
try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const count of counts) {
    writeFileSync(join(folder, `of${count}.proto`), contract(count));
    writeFileSync(join(folder, `use${count}.ts`), use(count));
  }
  const silent = () => {};
  await generate(['.', '--out', 'gen', '--wire-out', 'wire'], { cwd: folder, out: silent, err: console.error });
  for (const count of counts) measure(`use${count}.ts`);
  for (const count of counts) {
    const best = Math.min(...[1, 2, 3, 4].map(() => measure(`use${count}.ts`)));
    console.log(`${String(count).padStart(4)} operations and as many callbacks: ${best.toFixed(2)} s`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Two thirds of the methods are two-way, in both directions. */
function contract(count: number): string {
  const rpcs = (name: string) =>
    Array.from(
      { length: count },
      (_, i) => `rpc ${name}${i}(Request${i}) returns (${i % 3 === 0 ? 'google.protobuf.Empty' : `Reply${i}`});`,
    ).join('\n');
  const messages = Array.from(
    { length: count },
    (_, i) =>
      `message Request${i} { string text = 1; repeated Reply${i} replies = 2; } message Reply${i} { int64 value = 1; }`,
  ).join('\n');
  return `syntax = "proto3"; package of${count}.v1;
    import "duplex/v1/contract.proto"; import "google/protobuf/empty.proto";
    service DemoService { option (duplex.v1.contract) = { callback: "DemoCallbackService" empty_is_one_way: true }; ${rpcs('Do')} }
    service DemoCallbackService { option (duplex.v1.callback).empty_is_one_way = true; ${rpcs('Did')} }
    ${messages}`;
}

/** A service and a client that name every method. */
function use(count: number): string {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const handlers = numbers.map(
    (i) => `do${i}: ({ text }) => ${i % 3 === 0 ? 'void text' : '({ value: BigInt(text) })'}`,
  );
  const calls = numbers.map(
    (i) => `await client.service.do${i}({ text: 'x' }); client.callbacks.did${i}$.subscribe();`,
  );
  return `import { connect, createHost } from 'grpc-duplex';
    import { Demo } from './gen/of${count}_duplex.js';
    createHost().add(Demo, () => ({ ${handlers.join(',\n')} }));
    const client = connect(Demo, 'localhost:1');
    ${calls.join('\n')}`;
}

function measure(file: string): number {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['x.ts'] }, ts.sys, root);
  const start = performance.now();
  const program = ts.createProgram([join(folder, file)], options);
  const errors = [...program.getSemanticDiagnostics(), ...program.getSyntacticDiagnostics()];
  for (const { messageText } of errors) console.error(ts.flattenDiagnosticMessageText(messageText, '\n'));
  return (performance.now() - start) / 1000;
}
