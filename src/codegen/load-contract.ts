import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { BothStreams, Contract, OneWay, ReplyStream, RequestReply, RequestStream } from '../contract/contract.js';
import { defineContract, type MethodDefinition } from '../contract/define-contract.js';
import { createMessageCodec, type PlainMessage } from '../contract/from-descriptors.js';
import type { LoadedProtos } from '../contract/from-proto-loader.js';
import type { MessageCodec } from '../contract/message-codec.js';
import { encodeFiles } from './descriptors/contract-files.js';
import { formatFindings } from './finding.js';
import type { ContractModel, MethodModel } from './model/contract-model.js';
import { createOptionReader } from './model/contract-options.js';
import { duplexStem, qualify, wireNames } from './model/names.js';
import { readContracts } from './model/read-contracts.js';
import { createSourceOptionReader } from './model/source-options.js';
import { type ContractRecord, readContractRecord, recordedNumber } from './numbers/contract-record.js';
import { describeContractRecord } from './numbers/described-record.js';
import { checkRecord } from './numbers/record-rules.js';
import { checkContracts } from './rules/check-contracts.js';

/** A method of a contract that was loaded: of any shape, with plain objects for messages. */
export type DynamicMethod =
  | OneWay<PlainMessage>
  | RequestReply<PlainMessage, PlainMessage>
  | ReplyStream<PlainMessage, PlainMessage>
  | RequestStream<PlainMessage, PlainMessage>
  | BothStreams<PlainMessage, PlainMessage>;

/** The methods of a contract that was loaded, by local name. */
export type DynamicMethods = Readonly<Record<string, DynamicMethod>>;

/** Where a contract's protos are found. */
export interface LoadContractOptions {
  /** The folders from which protos are imported; wire protos may be in any of them, too. */
  readonly includeDirs?: readonly string[];
}

/**
 * Loads a contract at run time, without generated code: from proto files, by
 * means of `@grpc/proto-loader`, or from the bytes of an image that buf or
 * protoc made. The wire proto must be there, in a file beside the contract or
 * in the image: it has the numbers, which both sides must share. Whoever knows
 * the types says them as type parameters. Rejects with all findings.
 *
 * @example
 * const calculator = await loadContract('proto/calculator/v1/calculator.proto', 'calculator.v1.CalculatorService');
 */
export async function loadContract<Operations = DynamicMethods, Callbacks = DynamicMethods, State = PlainMessage>(
  source: string | readonly string[] | Uint8Array,
  service: string,
  { includeDirs = [] }: LoadContractOptions = {},
): Promise<Contract<Operations, Callbacks, State>> {
  if (source instanceof Uint8Array) {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, source));
    const contract = findContract(registry, service, createOptionReader(registry));
    const record = describeContractRecord(contract, registry);
    const wireFile = registry.getFile(record.file);
    const files = [contract.service.file, contract.callback?.target?.file, wireFile].filter(
      (file) => file !== undefined,
    );
    return build(contract, record, registry, () => encodeFiles(files));
  }
  const { loadProtoFiles } = await import('../contract/from-proto-loader.js');
  const loaded = loadProtoFiles(typeof source === 'string' ? [source] : source, includeDirs);
  const registry = createFileRegistry(loaded.image);
  const contract = findContract(registry, service, createSourceOptionReader(loaded.options));
  return build(contract, readRecord(contract, loaded, includeDirs), registry);
}

function findContract(
  registry: FileRegistry,
  name: string,
  reader: Parameters<typeof readContracts>[1],
): ContractModel {
  const service = registry.getService(name);
  if (service === undefined) throw new Error(`no service ${name} is declared there`);
  const contract = readContracts(service.file, reader).find((contract) => contract.service === service);
  if (contract === undefined) throw new Error(`${name} is no contract: it has no option (duplex.v1.contract)`);
  return contract;
}

/** The record in the wire proto, which stands beside the contract or in an include folder. */
function readRecord(contract: ContractModel, loaded: LoadedProtos, includeDirs: readonly string[]): ContractRecord {
  const { name } = contract.service.file.proto;
  const wireName = `${duplexStem(name)}.proto`;
  const beside = `${duplexStem(loaded.pathOf(name) ?? name)}.proto`;
  const places = [beside, ...includeDirs.map((folder) => resolve(folder, wireName))];
  const path = places.find((place) => existsSync(place));
  return readContractRecord(contract, path ?? beside, path === undefined ? undefined : readFileSync(path, 'utf8'));
}

function build<Operations, Callbacks, State>(
  contract: ContractModel,
  record: ContractRecord,
  registry: FileRegistry,
  descriptors: () => readonly string[] = () => [],
): Contract<Operations, Callbacks, State> {
  const { service, callback, state, session, base } = contract;
  const findings = [...checkContracts([contract], registry), ...checkRecord(record)];
  if (findings.length > 0) throw new Error(formatFindings(findings));
  if (!record.known) throw new Error(`${service.typeName} has no wire proto, whose numbers are needed: generate it`);
  const codecs = new Map<string, ReturnType<typeof createMessageCodec>>();
  const codec = (desc: DescMessage) => {
    const known = codecs.get(desc.typeName) ?? createMessageCodec(desc);
    codecs.set(desc.typeName, known);
    return known;
  };
  const define = (methods: readonly MethodModel[]) =>
    Object.fromEntries(methods.map((method) => [method.localName, defineMethod(method, record, codec)]));
  return defineContract({
    name: service.typeName,
    ...(callback?.target && { callbackName: callback.target.typeName }),
    wireName: qualify(service.file.proto.package, wireNames(base).service),
    session,
    operations: define(contract.operations),
    callbacks: define(contract.callbacks),
    ...(state?.target && { state: codec(state.target) }),
    descriptors,
  });
}

function defineMethod(
  method: MethodModel,
  record: ContractRecord,
  codec: (desc: DescMessage) => MessageCodec<PlainMessage>,
): MethodDefinition {
  const { desc, shape, faults, initiating, terminating, idempotent, delivery, explicitNumber } = method;
  const number = recordedNumber(method, record);
  if (number === undefined || (explicitNumber ?? number) !== number) {
    throw new Error(`${record.file} is older than ${desc.parent.typeName}.${desc.name}: generate it again`);
  }
  return {
    name: desc.name,
    number,
    shape,
    request: codec(desc.input),
    ...(shape !== 'one-way' && { reply: codec(desc.output) }),
    faults: faults.flatMap(({ target }) => (target === undefined ? [] : [codec(target)])),
    ...{ initiating, terminating, idempotent, delivery },
  };
}
