import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { BothStreams, Contract, OneWay, ReplyStream, RequestReply, RequestStream } from '../contract/contract.js';
import { defineContract, type MethodDefinition } from '../contract/define-contract.js';
import { createMessageCodec, type PlainMessage } from '../contract/from-descriptors.js';
import type { LoadedProtos } from '../contract/from-proto-loader.js';
import type { MessageCodec } from '../contract/message-codec.js';
import { encodeFiles } from './descriptors/contract-files.js';
import { type Finding, formatFindings } from './finding.js';
import type { ContractModel, MethodModel } from './model/contract-model.js';
import { createOptionReader } from './model/contract-options.js';
import { duplexStem, qualify, wireNames } from './model/names.js';
import { readContracts } from './model/read-contracts.js';
import { assignNumbers } from './numbers/assign-numbers.js';
import { type ContractRecord, readContractRecord, recordedNumber } from './numbers/contract-record.js';
import { describeContractRecord } from './numbers/described-record.js';
import { checkNumbers } from './numbers/number-rules.js';
import { checkRecord } from './numbers/record-rules.js';
import { checkContracts } from './rules/check-contracts.js';
import { locateServices } from './source/source-locations.js';
import { createSourceOptionReader } from './source/source-options.js';

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
    const found = findContract(registry, service, createOptionReader(registry));
    const { contract } = found;
    const record = describeContractRecord(contract, registry);
    const wireFile = registry.getFile(record.file);
    const files = [contract.service.file, contract.callback?.target?.file, wireFile].filter(
      (file) => file !== undefined,
    );
    return build(
      found,
      record,
      registry,
      (file) => file,
      () => encodeFiles(files),
    );
  }
  const { loadProtoFiles } = await import('../contract/from-proto-loader.js');
  const loaded = loadProtoFiles(typeof source === 'string' ? [source] : source, includeDirs);
  const registry = createFileRegistry(withLocations(loaded));
  const found = findContract(registry, service, createSourceOptionReader(loaded.options));
  const showPath = (file: string) => relative('.', loaded.pathOf(file) ?? file);
  return build(found, readRecord(found.contract, loaded, includeDirs), registry, showPath);
}

/** A contract, and all contracts of its file, which are generated together and so have to be right together. */
interface FoundContract {
  readonly contract: ContractModel;
  readonly together: readonly ContractModel[];
}

function findContract(
  registry: FileRegistry,
  name: string,
  reader: Parameters<typeof readContracts>[1],
): FoundContract {
  const service = registry.getService(name);
  if (service === undefined) throw new Error(`no service ${name} is declared there`);
  const together = readContracts(service.file, reader);
  const contract = together.find((contract) => contract.service === service);
  if (contract === undefined) throw new Error(`${name} is no contract: it has no option (duplex.v1.contract)`);
  return { contract, together };
}

/** The parser keeps no places, so they are looked up in the sources again: findings name them. */
function withLocations({ image, pathOf }: LoadedProtos): FileDescriptorSet {
  for (const file of image.file) {
    const path = pathOf(file.name);
    if (path !== undefined && file.service.length > 0) file.sourceCodeInfo = locateServices(readFileSync(path, 'utf8'));
  }
  return image;
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
  { contract, together }: FoundContract,
  record: ContractRecord,
  registry: FileRegistry,
  showPath: (file: string) => string,
  descriptors: () => readonly string[] = () => [],
): Contract<Operations, Callbacks, State> {
  const { service, callback, state, session, base } = contract;
  const findings = [
    ...checkContracts(together, registry),
    ...checkNumbers(contract, record, assignNumbers(contract, record)),
    ...checkRecord(record),
  ];
  if (findings.length > 0) throw new Error(formatFindings(findings.map((finding) => shown(finding, showPath))));
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

function shown({ position, ...finding }: Finding, showPath: (file: string) => string): Finding {
  return { ...finding, position: position && { ...position, file: showPath(position.file) } };
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
