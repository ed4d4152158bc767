import type { Finding } from '../finding.js';
import type { ContractModel } from '../model/contract-model.js';
import { qualify, wireNames } from '../model/names.js';
import { positionOf } from '../source/source-element.js';
import { type ContractRecord, recordedArms } from './contract-record.js';
import { findConflict, type RecordedArm } from './wire-record.js';

const rule = 'number-record-broken';

/** A record in the middle of a merge says nothing that can be relied on. */
export function checkMerged(file: string, text: string): readonly Finding[] {
  const line = findConflict(text);
  if (line === undefined) return [];
  return [
    {
      position: { file, line, column: 1 },
      rule,
      message: 'An unfinished merge left its marks in the record of the numbers.',
      hint: 'Keep the lines of what was released, drop the other ones, and generate again: what is missing gets new numbers.',
    },
  ];
}

/** One number must mean one method; two branches that both added one can have taken the same. */
export function checkRecord(record: ContractRecord): readonly Finding[] {
  return recordedArms(record).flatMap((arm, index, arms) => {
    const rival = arms.slice(0, index).find((other) => other.number === arm.number && !isAnswer(other, arm));
    if (rival === undefined) return [];
    return {
      position: { file: record.file, line: arm.line, column: 1 },
      rule,
      message: `"${arm.name}" and "${rival.name}" both have number ${arm.number}.`,
      hint: 'Delete the line of the one that was not released, and generate again: it gets a new number.',
    };
  });
}

/**
 * New numbers may only be given where none were before. That the contract was
 * generated shows in its TypeScript, which names the wire service.
 */
export function checkRecordPresent(
  { service, base }: ContractModel,
  record: ContractRecord,
  typescript: string | undefined,
): readonly Finding[] {
  const wireName = qualify(service.file.proto.package, wireNames(base).service);
  if (record.known || !typescript?.includes(`'${wireName}'`)) return [];
  return [
    {
      position: positionOf(service),
      rule: 'number-record-missing',
      message: `${record.file} records the numbers of ${service.name} and is gone, but its TypeScript is there.`,
      hint: 'Restore it from version control; if nothing was ever released, delete the TypeScript too.',
    },
  ];
}

function isAnswer(a: RecordedArm, b: RecordedArm): boolean {
  return a.name === `${b.name}_response` || b.name === `${a.name}_response`;
}
