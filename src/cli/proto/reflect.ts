import { create, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { ServerReflectionRequest, ServerReflectionResponse } from '../../gen/grpc/reflection/v1/reflection.js';
import { UsageError } from '../command.js';

type Request = NonNullable<ServerReflectionRequest['messageRequest']>;
type Response = NonNullable<ServerReflectionResponse['messageResponse']>;

const TIMEOUT_MS = 10_000;
const WIRE_FILE = /_duplex\.proto$/;
const identity = (bytes: Buffer): Buffer => bytes;

/** What a running service says of its contracts. */
export interface ReflectedContracts {
  /** Everything that was asked for, imports first. */
  readonly image: FileDescriptorSet;
  /** The names of the files with contracts. */
  readonly contracts: readonly string[];
}

/**
 * Asks a running service for the protos of its duplex contracts, by gRPC's
 * reflection. Rejects with a {@link UsageError} that says what to do.
 */
export async function reflectContracts(address: string, tls: boolean): Promise<ReflectedContracts> {
  const client = new Client(address, tls ? credentials.createSsl() : credentials.createInsecure());
  try {
    const files = await fetchFiles(new Reflection(client, 'v1')).catch((error: unknown) => {
      if (!isUnimplemented(error)) throw error;
      return fetchFiles(new Reflection(client, 'v1alpha'));
    });
    const contracts = [...files.keys()].flatMap((name) => {
      const contract = name.replace(WIRE_FILE, '.proto');
      return contract !== name && files.has(contract) ? [contract] : [];
    });
    if (contracts.length === 0) throw new UsageError(`${address} serves no duplex contract that it describes`);
    return { image: create(FileDescriptorSetSchema, { file: inOrder(files) }), contracts };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(explain(address, error));
  } finally {
    client.close();
  }
}

/** The wire protos of all services, the contracts beside them, and what these import. */
async function fetchFiles(reflection: Reflection): Promise<ReadonlyMap<string, FileDescriptorProto>> {
  try {
    const files = new Map<string, FileDescriptorProto>();
    const listed = await reflection.ask({ $case: 'listServices', value: '*' });
    const services = listed.$case === 'listServicesResponse' ? listed.value.service : [];
    for (const { name } of services) {
      if (name.endsWith('DuplexService'))
        await reflection.collect({ $case: 'fileContainingSymbol', value: name }, files);
    }
    for (const name of [...files.keys()].filter((file) => WIRE_FILE.test(file))) {
      await reflection.collect({ $case: 'fileByFilename', value: name.replace(WIRE_FILE, '.proto') }, files);
    }
    for (const { dependency } of files.values()) {
      for (const name of dependency) {
        if (!files.has(name)) await reflection.collect({ $case: 'fileByFilename', value: name }, files);
      }
    }
    return files;
  } finally {
    reflection.end();
  }
}

/** One conversation with a reflection service. */
class Reflection {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #failed: Promise<never>;

  constructor(client: Client, version: 'v1' | 'v1alpha') {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const options = { deadline: Date.now() + TIMEOUT_MS };
    this.#call = client.makeBidiStreamRequest(path, identity, identity, new Metadata(), options);
    this.#failed = new Promise((_, reject) => this.#call.on('error', reject));
    this.#failed.catch(() => {});
  }

  async ask(messageRequest: Request): Promise<Response> {
    const answer = new Promise<Response | undefined>((resolve) => {
      this.#call.once('data', (bytes: Buffer) => resolve(ServerReflectionResponse.decode(bytes).messageResponse));
    });
    this.#call.write(Buffer.from(ServerReflectionRequest.encode({ host: '', messageRequest }).finish()));
    const response = await Promise.race([answer, this.#failed]);
    if (response === undefined) throw new UsageError('the reflection service does not answer what it is asked');
    return response;
  }

  /** Adds the files of an answer; a file that is not known there is left out. */
  async collect(request: Request, files: Map<string, FileDescriptorProto>): Promise<void> {
    const response = await this.ask(request);
    if (response.$case !== 'fileDescriptorResponse') return;
    for (const bytes of response.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  }

  end(): void {
    this.#call.end();
  }
}

/** Files after what they import. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto | undefined): void => {
    if (file === undefined || ordered.has(file)) return;
    for (const name of file.dependency) visit(files.get(name));
    ordered.add(file);
  };
  for (const file of files.values()) visit(file);
  return [...ordered];
}

function isUnimplemented(error: unknown): boolean {
  return (error as Partial<StatusObject>).code === status.UNIMPLEMENTED;
}

function explain(address: string, error: unknown): string {
  if (isUnimplemented(error)) {
    return `${address} does not answer reflection: make its host with createHost({ reflection: true })`;
  }
  const { details, message } = error as Partial<StatusObject & Error>;
  return `cannot ask ${address} for its contracts: ${details ?? message}`;
}
