import { posix } from 'node:path';
import type { DescFile, FileRegistry } from '@bufbuild/protobuf';
import type { Finding } from './finding.js';
import type { TsProtoNames } from './messages/ts-proto-names.js';
import type { ContractModel } from './model/contract-model.js';
import { duplexStem } from './model/names.js';
import { assignNumbers } from './numbers/assign-numbers.js';
import { readContractRecord } from './numbers/contract-record.js';
import { checkNumbers } from './numbers/number-rules.js';
import { checkMerged, checkRecord, checkRecordPresent } from './numbers/record-rules.js';
import type { PluginOptions } from './plugin-options.js';
import { printTypeScript } from './print/typescript.js';
import { type NumberedContract, printWireProto } from './print/wire-proto.js';

/** A file to write, by its path from the plugin's `out`. */
export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
}

/** What the contracts of one file are generated from, beside themselves. */
export interface GenerationContext {
  readonly options: PluginOptions;
  readonly names: TsProtoNames;
  readonly registry: FileRegistry;
  /** Reads a file by its path from the plugin's `out`; undefined if there is none. */
  readText(path: string): string | undefined;
}

/** Wire proto and TypeScript of the contracts of one proto file, or what is wrong with their numbers. */
export function generateContracts(
  file: DescFile,
  contracts: readonly ContractModel[],
  context: GenerationContext,
): { readonly files: readonly GeneratedFile[]; readonly findings: readonly Finding[] } {
  const { options, names, registry } = context;
  const stem = duplexStem(file.proto.name);
  const wirePath = posix.join(options.wireOut, `${stem}.proto`);
  const typescriptPath = posix.join(options.tsOut, `${stem}.ts`);
  const { numbered, findings } = numberContracts(contracts, wirePath, typescriptPath, context);
  if (findings.length > 0) return { files: [], findings };
  return {
    files: [
      { name: wirePath, content: printWireProto(file, numbered, registry) },
      { name: typescriptPath, content: printTypeScript(`${stem}.ts`, file, numbered, options.runtime, names) },
    ],
    findings,
  };
}

function numberContracts(
  contracts: readonly ContractModel[],
  wirePath: string,
  typescriptPath: string,
  { readText }: GenerationContext,
): { readonly numbered: readonly NumberedContract[]; readonly findings: readonly Finding[] } {
  const wireProto = readText(wirePath);
  const merged = wireProto === undefined ? [] : checkMerged(wirePath, wireProto);
  if (merged.length > 0) return { numbered: [], findings: merged };
  const typescript = readText(typescriptPath);
  const results = contracts.map((contract) => {
    const record = readContractRecord(contract, wirePath, wireProto);
    const numbers = assignNumbers(contract, record);
    const findings = [
      ...checkRecordPresent(contract, record, typescript),
      ...checkRecord(record),
      ...checkNumbers(contract, record, numbers),
    ];
    return { contract, numbers, findings };
  });
  return { numbered: results, findings: results.flatMap(({ findings }) => findings) };
}
