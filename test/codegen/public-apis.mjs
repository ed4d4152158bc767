// @ts-check
// Contracts over the messages of large public APIs: generated, and compiled under the strict flags.
//
//   node test/codegen/public-apis.mjs
//
// It installs the APIs' protos from the npm registry into a temporary folder, so it is no part of npm test; `.ci/run` runs it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '../..');
const packages = ['google-proto-files@5', '@grpc/grpc-js-xds@1'];
const xds = 'node_modules/@grpc/grpc-js-xds/deps';

/** Each API: the files to import, the messages to carry, and the folders of its protos. */
const apis = [
  api('pubsub', 'google/pubsub/v1/pubsub.proto', 'google.pubsub.v1.PubsubMessage', 'google.pubsub.v1.Subscription'),
  api('spanner', 'google/spanner/v1/spanner.proto', 'google.spanner.v1.ExecuteSqlRequest', 'google.spanner.v1.Session'),
  api(
    'firestore',
    'google/firestore/v1/firestore.proto',
    'google.firestore.v1.ListenRequest',
    'google.firestore.v1.ListenResponse',
  ),
  api(
    'logging',
    'google/logging/v2/logging.proto',
    'google.logging.v2.WriteLogEntriesRequest',
    'google.logging.v2.TailLogEntriesResponse',
  ),
  api(
    'discovery',
    'envoy/service/discovery/v3/discovery.proto',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  ),
];
const includes = [
  'node_modules/google-proto-files',
  ...['envoy-api', 'xds', 'protoc-gen-validate', 'googleapis'].map((folder) => `${xds}/${folder}`),
];

/** @param {string} name @param {string} file @param {string} request @param {string} reply */
function api(name, file, request, reply) {
  const text = `syntax = "proto3";
package apis.${name}.v1;
import "duplex/v1/contract.proto";
import "${file}";
service DemoService {
  option (duplex.v1.contract) = { callback: "DemoCallbackService" state: ".${reply}" };
  rpc Send(.${request}) returns (.${reply});
}
service DemoCallbackService { rpc Told(.${reply}) returns (stream .${request}); }
`;
  return { name, text };
}

const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-apis-'));
try {
  run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, ...packages);
  for (const { name, text } of apis) write(`proto/apis/${name}/v1/${name}.proto`, text);
  for (const name of ['typescript', 'ts-proto', '@bufbuild', '@types', 'rxjs', '@grpc/grpc-js']) link(name);
  const found = includes.filter((include) => spawnSync('test', ['-d', join(folder, include)]).status === 0);
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/esm/index.mjs')).href;
  run(
    process.execPath,
    ...['--import', tsx, join(root, 'src/cli/duplex.ts'), 'generate'],
    ...found.flatMap((include) => ['--include', include]),
  );
  write('package.json', '{ "type": "module" }');
  write(
    'tsconfig.json',
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        allowJs: false,
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { 'grpc-duplex/codegen/v1': [join(root, 'src/codegen/v1.ts')] },
      },
      include: ['src'],
    }),
  );
  for (const compiler of ['typescript', 'typescript-7']) {
    run(process.execPath, join(root, 'node_modules', compiler, 'bin/tsc'), '-p', folder);
  }
  console.log(`${apis.length} public APIs are carried`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} name @param {string} text */
function write(name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** @param {string} name */
function link(name) {
  const path = join(folder, 'node_modules', name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), path);
}

/** @param {string} program @param {...string} args */
function run(program, ...args) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${seconds.padStart(6)} s  ${[program, ...args]
      .map((arg) => arg.split('node_modules/').at(-1))
      .join(' ')
      .slice(0, 80)}`,
  );
  if (status === 0) return;
  console.error(`${stdout}${stderr}`.split('\n').slice(0, 40).join('\n'));
  throw new Error(`${program} failed`);
}
