import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type SessionEnd } from 'grpc-duplex';
import { History } from '../../../scripts/chaos/history.js';
import { checkLogs } from '../../../scripts/chaos/offline.js';
import { Served } from '../../../scripts/chaos/served.js';
import { heartbeats } from '../../../scripts/chaos/settings.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { operations } from './operations.js';
import { type Command, runProgram } from './play.js';

/** How much a client sends, and how often its connection breaks meanwhile. */
const NOTES = 2_000;
const FAULT_EVERY_MS = 150;

/**
 * Lets a client of another language hold a session over a bad network, and
 * checks what both sides logged: everything arrived once, in order, both ways.
 * Returns what was wrong, with the seed of the faults, or undefined.
 */
export async function load([command, ...args]: Command, cwd: string, language: string): Promise<string | undefined> {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const logs = await mkdtemp(join(tmpdir(), 'grpc-duplex-polyglot-'));
  const history = new History(join(logs, 'service.log'));
  const violations: string[] = [];
  const ends: SessionEnd[] = [];
  const host = createHost({ ...heartbeats, onError: () => {} });
  host.add(Everything, (session) => {
    const violated = (what: string): number => violations.push(what);
    const served = new Served(session, { history, violated, ended: (_, end) => ends.push(end) });
    return {
      ...operations(session, { cut: () => {}, leave: undefined }),
      note: (request) => served.note(request),
      echo: (request) => served.echo(request),
      ask: (request) => served.ask(request),
    };
  });
  const { port } = await host.listen('localhost:0');
  const proxy = await FaultProxy.listen(port);
  const calm = proxy.unleash({ seed, everyMs: FAULT_EVERY_MS });
  try {
    const output = await runProgram([command, ...args, proxy.address, `${NOTES}`], cwd);
    await writeFile(join(logs, 'client.log'), output);
    const verdict = await checkLogs(logs);
    violations.push(...verdict.violations);
    if (verdict.arrivals.note !== NOTES) violations.push(`${verdict.arrivals.note} of ${NOTES} notes arrived`);
    if (ends.length !== 1 || ends[0]?.kind !== 'closed') violations.push(`ended as ${ends.map(({ kind }) => kind)}`);
    console.log(`${language} session: ${verdict.records} records over ${proxy.accepted} connections, seed ${seed}`);
  } catch (error) {
    violations.push(`${error}`);
  } finally {
    await calm();
    await proxy.close();
    await host.stop();
    await rm(logs, { recursive: true });
  }
  return violations.length === 0 ? undefined : `seed ${seed}: ${violations.slice(0, 5).join('\n  ')}`;
}
