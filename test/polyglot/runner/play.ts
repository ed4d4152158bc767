import { spawn } from 'node:child_process';
import { ServerCredentials } from '@grpc/grpc-js';
import type { ListenOptions } from 'grpc-duplex';
import { type Certificate, makeCertificate } from '../../support/certificate.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import type { Case } from './cases.js';
import { compare } from './compare.js';
import type { Dialling, Messages } from './messages.js';
import { type Serving, serve } from './service.js';
import type { Language } from './toolchains.js';

/** A program and its arguments. */
export type Command = readonly [command: string, ...args: string[]];

/** A client that says nothing for so long hangs. */
const HANG_MS = 60_000;

/** Plays one case with the client of one language. Returns what was wrong, or undefined. */
export async function play(
  played: Case,
  { run, brokenAs }: Language,
  cwd: string,
  messages: Messages,
): Promise<string | undefined> {
  let cut = (): void => {};
  const serving = await serve(played.service, listenOptions(played), () => cut());
  const proxy = played.through === 'cut' ? await FaultProxy.listen(serving.port) : undefined;
  cut = () => proxy?.cut();
  try {
    const address = proxy?.address ?? `localhost:${serving.port}`;
    const script = messages.script(played, { address, ...tlsOf(played) });
    const output = await runProgram(run('client'), cwd, script);
    return compare(played, messages.report(output), brokenAs) ?? (await compareEnd(played, serving));
  } catch (error) {
    return `${error}`;
  } finally {
    await serving.stop();
    await proxy?.close();
  }
}

async function compareEnd({ session }: Case, { ended }: Serving): Promise<string | undefined> {
  if (session === undefined) return undefined;
  const end = await ended;
  return end === session ? undefined : `the service saw its session end as ${end}, not as ${session}`;
}

/** Runs a program to its end. Throws with what it wrote to stderr if it fails, or hangs. */
export async function runProgram(
  [command, ...args]: Command,
  cwd: string,
  input: Uint8Array = new Uint8Array(),
): Promise<Buffer> {
  const child = spawn(command, args, { cwd, timeout: HANG_MS, killSignal: 'SIGKILL' });
  const chunks: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (text) => {
    errors += text;
  });
  child.stdin.on('error', () => {}); // it ended without reading; its exit says why
  child.stdin.end(input);
  const how = await new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => done(signal ?? code));
  });
  if (how !== 0) throw new Error(how === 'SIGKILL' ? `hung: ${errors}` : `ended with ${how}: ${errors}`);
  return Buffer.concat(chunks);
}

// ---------------------------------------------------------------- certificates

const ours = makeCertificate({ commonName: 'our authority' });
const other = makeCertificate({ commonName: 'another authority' });
const server = makeCertificate({ issuer: ours });
const client = makeCertificate({ commonName: 'client', issuer: ours });

function listenOptions({ through }: Case): ListenOptions {
  if (through !== 'tls' && through !== 'mtls') return {};
  const pair = { cert_chain: server.cert, private_key: server.key };
  return { credentials: ServerCredentials.createSsl(ours.cert, [pair], through === 'mtls') };
}

function tlsOf({ through, trusts, as }: Case): Pick<Dialling, 'tls'> {
  if (through !== 'tls' && through !== 'mtls') return {};
  const ca = (trusts === 'ours' ? ours : other).cert;
  return { tls: { ca, ...(through === 'mtls' && as === 'somebody' && identity(client)) } };
}

function identity({ cert, key }: Certificate): { certificate: Buffer; key: Buffer } {
  return { certificate: cert, key };
}
