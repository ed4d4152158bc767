import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { compareVersions } from '../../codegen/evolution/compare-versions.js';
import { readVersions, withoutContracts } from '../../codegen/evolution/contract-versions.js';
import { withoutLifted } from '../../codegen/evolution/lifted-reservations.js';
import { type Finding, formatFindings } from '../../codegen/finding.js';
import { type Command, parseCommand, UsageError } from '../command.js';
import { findBreaking } from '../proto/breaking.js';
import { compileProtos } from '../proto/compile.js';
import { type Generation, type GenerationOptions, generateFrom, showPaths } from '../proto/generation.js';
import { readRevision } from '../proto/git-sources.js';
import { findSources, type ProtoSources, type SourceOptions, sortSources } from '../proto/sources.js';

const usage = `usage: duplex check [file or folder …]   (proto)

Checks contracts against the rules, and, where asked, against an older version
of themselves: whether released peers can still talk to them.

  --against WHAT     a git revision, or an image file that buf built from protos and wire protos
  --wire-out DIR     folder of the wire protos                         beside the contracts
  --out DIR          folder of the TypeScript                          src/gen
  --include DIR      one more folder to import from; may be repeated
  --opt NAME=VALUE   an option of the plugin or of ts-proto; may be repeated`;

/** `duplex check`: prints every finding to stderr, one per line. It writes nothing. */
export const check: Command = async (args, host) => {
  const { values, positionals } = parseCommand('check', () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        against: { type: 'string' },
        out: { type: 'string', default: 'src/gen' },
        'wire-out': { type: 'string' },
        include: { type: 'string', multiple: true, default: [] },
        opt: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
  if (values.help) {
    host.out(usage);
    return 0;
  }
  const which = { cwd: host.cwd, paths: positionals, includes: values.include };
  const how = { cwd: host.cwd, out: values.out, wireOut: values['wire-out'], options: values.opt };
  const findings = await findAll(which, how, values.against);
  if (findings.length > 0) {
    host.err(formatFindings(findings));
    return 1;
  }
  host.out(values.against === undefined ? 'no findings' : `no findings; compared with ${values.against}`);
  return 0;
};

async function findAll(
  which: SourceOptions,
  how: GenerationOptions,
  against: string | undefined,
): Promise<readonly Finding[]> {
  const sources = findSources(which);
  const generation = await generateFrom(sources, how);
  if ('findings' in generation) return generation.findings;
  if (against === undefined) return [];
  const before = await readBase(against, sources, how);
  if ('findings' in before) return before.findings;
  const findings = await compare(before.image, generation, sources, against, how.cwd);
  return showPaths(findings, { ...sources, others: [...sources.others, ...generation.wireProtos] }, how);
}

async function compare(
  before: FileDescriptorSet,
  { wireProtos }: Generation,
  { targets, others }: ProtoSources,
  against: string,
  cwd: string,
): Promise<readonly Finding[]> {
  const compiled = await compileProtos([...targets, ...wireProtos], others, cwd);
  if ('findings' in compiled) return compiled.findings;
  const [old, now] = [readVersions(before), readVersions(compiled.image)];
  if (old.size > 0 && ![...old.values()].some(({ record }) => record.known)) {
    throw new UsageError(`${against} has contracts, but not their wire protos, so there is nothing to compare with`);
  }
  const former = withoutLifted(withoutContracts(before, old), old, now);
  const breaking = await findBreaking(former, withoutContracts(compiled.image, now), cwd);
  return [...compareVersions(old, now), ...breaking];
}

/** The older version: an image file if there is one of that name, else a revision. */
async function readBase(
  against: string,
  { targets, others }: ProtoSources,
  { cwd, wireOut }: GenerationOptions,
): Promise<{ readonly image: FileDescriptorSet } | { readonly findings: readonly Finding[] }> {
  if (statSync(resolve(cwd, against), { throwIfNoEntry: false })?.isFile()) {
    return { image: fromBinary(FileDescriptorSetSchema, readFileSync(resolve(cwd, against))) };
  }
  const roots = new Set([...targets.map(({ root }) => root), ...(wireOut === undefined ? [] : [wireOut])]);
  const old = sortSources(
    [...roots].flatMap((root) => readRevision(cwd, against, root)),
    others,
  );
  const compiled = await compileProtos([...old.targets, ...old.wireProtos], old.others, cwd);
  if (!('findings' in compiled)) return compiled;
  return { findings: showPaths(compiled.findings, old, { cwd, wireOut, out: '.' }) };
}
