import type { ContractModel, MethodModel } from '../model/contract-model.js';
import { callingSide, type EnvelopeSide } from '../model/envelopes.js';
import { wireNames } from '../model/names.js';
import { type EnvelopeRecord, emptyEnvelope, parseWireRecord, type RecordedArm } from './wire-record.js';

/** The numbers that one contract has had so far: its part of the wire proto beside it. */
export interface ContractRecord extends Readonly<Record<EnvelopeSide, EnvelopeRecord>> {
  /** The wire proto, as the compiler names files. */
  readonly file: string;
  /** Whether the contract was ever generated. */
  readonly known: boolean;
}

/** Takes what a wire proto says about a contract; of a text that is not there everything is new. */
export function readContractRecord(contract: ContractModel, file: string, text: string | undefined): ContractRecord {
  const { clientEnvelope, serverEnvelope } = wireNames(contract.base);
  const messages = parseWireRecord(text ?? '');
  return {
    file,
    known: messages.has(clientEnvelope),
    client: messages.get(clientEnvelope) ?? emptyEnvelope,
    server: messages.get(serverEnvelope) ?? emptyEnvelope,
  };
}

/** The number that a method had so far; undefined if it is new. */
export function recordedNumber(method: MethodModel, record: ContractRecord): number | undefined {
  return record[callingSide(method)].arms.find(({ name }) => name === method.armName)?.number;
}

/** All arms of both envelopes. */
export function recordedArms(record: ContractRecord): readonly RecordedArm[] {
  return [...record.client.arms, ...record.server.arms];
}
