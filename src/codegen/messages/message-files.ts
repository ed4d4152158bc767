import type { FileRegistry } from '@bufbuild/protobuf';
import { type ContractModel, messagesOf } from '../model/contract-model.js';
import { duplexStem } from '../model/names.js';
import type { PluginOptions } from '../plugin-options.js';
import { reachableFiles } from './reachable.js';

/**
 * The files whose messages ts-proto has to write: those that the compiler
 * asked for, and what their messages and contracts use of others. It is not
 * simply told to write all imports, as these include the options of contracts
 * and all of descriptor.proto, which nobody needs at run time.
 */
export function selectMessageFiles(
  requested: readonly string[],
  contracts: readonly ContractModel[],
  registry: FileRegistry,
  options: PluginOptions,
): readonly string[] {
  const wireProtos = new Set(contracts.map(({ service }) => `${duplexStem(service.file.proto.name)}.proto`));
  const isWanted = (name: string) => !isOwn(name) && !wireProtos.has(name);
  const files = [...registry.files].filter((file) => requested.includes(file.proto.name) && isWanted(file.proto.name));
  const services = options.tsProto.get('outputServices') === 'none' ? [] : files.flatMap(({ services }) => services);
  const ofServices = services.flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output]));
  const used = [...contracts.flatMap(messagesOf), ...ofServices].map(({ file }) => file);
  return [...reachableFiles([...files, ...used])].map((file) => file.proto.name);
}

/** The library's own files are among the inputs where its proto folder is a module of the user's workspace. */
function isOwn(name: string): boolean {
  return name.startsWith('duplex/v1/');
}
