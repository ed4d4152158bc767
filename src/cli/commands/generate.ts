import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, formatFindings } from '../../codegen/finding.js';
import { type Command, type CommandHost, parseCommand, UsageError } from '../command.js';
import { generateFromService } from '../proto/from-service.js';
import { type GenerationOptions, generateFrom, readIfPresent, type WantedFile } from '../proto/generation.js';
import { reflectContracts } from '../proto/reflect.js';
import { findSources, type ProtoSources } from '../proto/sources.js';
import { watchProtos } from '../proto/watch.js';

const usage = `usage: duplex generate [file or folder …]   (proto)
       duplex generate --from HOST:PORT

Writes the wire proto and the TypeScript of the contracts in the given protos,
or the TypeScript of those that a running service describes by reflection.

  --from HOST:PORT   ask this service instead of reading protos
  --tls              over TLS

  --out DIR          folder of the TypeScript                          src/gen
  --wire-out DIR     folder of the wire protos                         beside the contracts
  --include DIR      one more folder to import from; may be repeated
  --opt NAME=VALUE   an option of the plugin or of ts-proto; may be repeated
  --check            write nothing; fail and list the files that are out of date
  --watch            generate again whenever a proto changes`;

/**
 * `duplex generate`: the plugin without a compiler to configure. Prints what
 * it wrote; what is wrong goes to stderr, all of it, and then nothing is written.
 */
export const generate: Command = async (args, host) => {
  const { values, positionals } = parseCommand('generate', () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        tls: { type: 'boolean', default: false },
        out: { type: 'string', default: 'src/gen' },
        'wire-out': { type: 'string' },
        include: { type: 'string', multiple: true, default: [] },
        opt: { type: 'string', multiple: true, default: [] },
        check: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
  if (values.help) {
    host.out(usage);
    return 0;
  }
  const { cwd } = host;
  const which = { cwd, paths: positionals, includes: values.include };
  const how = { cwd, out: values.out, wireOut: values['wire-out'], options: values.opt };
  const finish = values.check ? reportStale : writeStale;
  if (values.from !== undefined) {
    if (positionals.length > 0 || values.watch) throw new UsageError('--from takes neither protos nor --watch');
    return await finishWith(
      await generateFromService(await reflectContracts(values.from, values.tls), how),
      finish,
      host,
    );
  }
  const run = () => generateOnce(findSources(which), how, finish, host);
  if (!values.watch) return await run();
  const roots = new Set([...values.include, ...findSources(which).targets.map(({ root }) => root)]);
  await watchProtos(roots, host, run);
  return 0;
};

type Finish = (stale: readonly WantedFile[], host: CommandHost) => Promise<number>;

async function generateOnce(
  sources: ProtoSources,
  options: GenerationOptions,
  finish: Finish,
  host: CommandHost,
): Promise<number> {
  const result = await generateFrom(sources, options);
  const isEmpty = 'wireProtos' in result && result.wireProtos.length === 0;
  if (isEmpty) host.out('no contracts: no service has the option (duplex.v1.contract)');
  return await finishWith(result, finish, host);
}

async function finishWith(
  result: { readonly files: readonly WantedFile[] } | { readonly findings: readonly Finding[] },
  finish: Finish,
  host: CommandHost,
): Promise<number> {
  if ('findings' in result) {
    host.err(formatFindings(result.findings));
    return 1;
  }
  const stale = result.files.filter(({ path, content }) => readIfPresent(resolve(host.cwd, path)) !== content);
  return await finish(stale, host);
}

async function writeStale(stale: readonly WantedFile[], { cwd, out }: CommandHost): Promise<number> {
  for (const { path, content } of stale) {
    await mkdir(dirname(resolve(cwd, path)), { recursive: true });
    await writeFile(resolve(cwd, path), content);
    out(`wrote  ${path}`);
  }
  if (stale.length === 0) out('nothing to do');
  return 0;
}

async function reportStale(stale: readonly WantedFile[], { out, err }: CommandHost): Promise<number> {
  if (stale.length === 0) {
    out('generated code is up to date');
    return 0;
  }
  err('out of date; run duplex generate:');
  for (const { path } of stale) err(`  ${path}`);
  return 1;
}
