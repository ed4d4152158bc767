import type { DescMethod } from '@bufbuild/protobuf';
import type { Finding } from '../finding.js';
import type { ContractModel, MethodModel } from '../model/contract-model.js';
import { methodsOf } from '../model/contract-model.js';

/** What a contract must not be: reads a model, and says everything that is wrong with it in its one respect. */
export type Rule = (contract: ContractModel) => readonly Finding[];

/** A rule about each method of a contract by itself. */
export function forEachMethod(check: (method: MethodModel, contract: ContractModel) => Finding | undefined): Rule {
  return (contract) =>
    methodsOf(contract)
      .map((method) => check(method, contract))
      .filter((finding) => finding !== undefined);
}

/** How findings name a method: `CalculatorService.AddTo`. */
export function describe(method: DescMethod): string {
  return `${method.parent.name}.${method.name}`;
}
