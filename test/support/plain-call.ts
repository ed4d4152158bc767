import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { HealthCheckRequest, HealthCheckResponse, HealthListResponse } from '../../src/gen/grpc/health/v1/health.js';
import { ServerReflectionRequest, ServerReflectionResponse } from '../../src/gen/grpc/reflection/v1/reflection.js';

const identity = (bytes: Buffer): Buffer => bytes;

function clientOf(address: string): Client {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  onTestFinished(() => client.close());
  return client;
}

/** Asks a host's health service for all it knows. */
export async function listHealth(address: string): Promise<HealthListResponse> {
  return HealthListResponse.decode(await unary(address, '/grpc.health.v1.Health/List', new Uint8Array()));
}

/** Asks for the health of one service; the empty name is the host. Rejects with the status. */
export async function checkHealth(address: string, service: string): Promise<number> {
  const request = HealthCheckRequest.encode({ service }).finish();
  return HealthCheckResponse.decode(await unary(address, '/grpc.health.v1.Health/Check', request)).status;
}

/** What a watcher of a service's health is told, as it comes; 'end' when the host lets it go. */
export function watchHealth(address: string, service: string): (number | 'end')[] {
  const seen: (number | 'end')[] = [];
  const call = clientOf(address).makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    identity,
    identity,
    Buffer.from(HealthCheckRequest.encode({ service }).finish()),
  );
  call.on('data', (bytes: Buffer) => seen.push(HealthCheckResponse.decode(bytes).status));
  call.on('end', () => seen.push('end'));
  call.on('error', () => {});
  return seen;
}

/** Calls a unary rpc by its path, as any gRPC client would. Rejects with the status. */
export function unary(
  address: string,
  path: string,
  request: Uint8Array,
  {
    timeoutMs = 20_000,
    metadata = {},
  }: { readonly timeoutMs?: number; readonly metadata?: Record<string, string> } = {},
): Promise<Uint8Array> {
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    clientOf(address).makeUnaryRequest(
      path,
      identity,
      identity,
      Buffer.from(request),
      headers,
      options,
      (error, reply) =>
        error === null && reply !== undefined ? resolve(reply) : reject(error ?? new Error('no reply')),
    );
  });
}

type Request = NonNullable<ServerReflectionRequest['messageRequest']>;
type Response = NonNullable<ServerReflectionResponse['messageResponse']>;

/** A reflection client in the hands of a test: asks one thing after another over one stream. */
export class Reflection {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #failed: Promise<never>;

  constructor(address: string, version: 'v1' | 'v1alpha' = 'v1') {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    this.#call = clientOf(address).makeBidiStreamRequest(path, identity, identity);
    this.#failed = new Promise((_, reject) => this.#call.on('error', reject));
    this.#failed.catch(() => {});
    onTestFinished(() => this.#call.cancel());
  }

  /** The answer to one request. */
  ask(messageRequest: Request): Promise<Response | undefined> {
    const answer = new Promise<Response | undefined>((resolve) => {
      this.#call.once('data', (bytes: Buffer) => resolve(ServerReflectionResponse.decode(bytes).messageResponse));
    });
    this.#call.write(Buffer.from(ServerReflectionRequest.encode({ host: '', messageRequest }).finish()));
    return Promise.race([answer, this.#failed]);
  }

  /** The files that an answer brings. */
  async files(messageRequest: Request): Promise<readonly Uint8Array[]> {
    const answer = await this.ask(messageRequest);
    if (answer?.$case !== 'fileDescriptorResponse') throw new Error(JSON.stringify(answer));
    return answer.value.fileDescriptorProto;
  }
}
