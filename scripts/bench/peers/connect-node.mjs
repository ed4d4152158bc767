// @ts-check
import { once } from 'node:events';
import http2 from 'node:http2';
import { callsByIterables } from './parts/iterable-calls.mjs';
import { generatedIn, installPackages, requirePackage, run } from './parts/packages.mjs';

const code = generatedIn('connect-node');

/**
 * A bidirectional stream of connect-node over HTTP/2 without TLS: async
 * iterables, protobuf-es, and the protocol of Connect.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'connect-node',
  abilities: ['increment'],
  prepare: async () => (await installPackages()) ?? (await generate()),
  async server() {
    const { connectNodeAdapter } = requirePackage('@connectrpc/connect-node');
    const routes = (/** @type {any} */ router) =>
      router.service(requireService(), {
        async *connect(/** @type {AsyncIterable<any>} */ requests) {
          for await (const { id, content } of requests) {
            yield { id, content: { case: 'incremented', value: { value: content.value.value + 1 } } };
          }
        },
      });
    const server = http2.createServer(connectNodeAdapter({ routes }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
  },
  async client(address) {
    const { createClient } = requirePackage('@connectrpc/connect');
    const { createConnectTransport } = requirePackage('@connectrpc/connect-node');
    const leaving = new AbortController();
    const client = createClient(requireService(), createConnectTransport({ baseUrl: address, httpVersion: '2' }));
    const calls = callsByIterables(
      (requests) => client.connect(requests, { signal: leaving.signal }),
      (id, value) => ({ id, content: { case: 'increment', value: { value } } }),
      ({ id, content }) => ({ id, reply: content.value }),
    );
    return {
      increment: calls.increment,
      close() {
        calls.end();
        leaving.abort();
      },
    };
  },
};

function requireService() {
  return requirePackage(`${code}/testing/v1/bench_pb.js`).BenchStreamService;
}

function generate() {
  const plugin = { local: 'protoc-gen-es', out: code, opt: ['target=js', 'js_import_style=legacy_commonjs'] };
  const template = JSON.stringify({ version: 'v2', plugins: [{ ...plugin, include_imports: true }] });
  return run('buf', ['generate', '--template', template, '--path', 'test/support/proto/testing/v1/bench.proto']);
}
