import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect } from 'grpc-duplex';
import { Calculator } from '../../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import type { Command } from './play.js';

/**
 * Calls a calculator that is written in another language, with our own client.
 * A client that starts with a Hello is told that the service knows only the
 * plain level. Returns what was wrong, or undefined.
 */
export async function callService(
  [command, ...args]: Command,
  cwd: string,
  level: 'plain' | 'session',
): Promise<string | undefined> {
  const server = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const { value: line = '' } = await lines.next();
    return await callCalculator(line.replace('listening on ', ''), level);
  } catch (error) {
    return `${error}`;
  } finally {
    server.kill('SIGKILL');
  }
}

async function callCalculator(address: string, level: 'plain' | 'session'): Promise<string | undefined> {
  const told: string[] = [];
  const calculator = connect(Calculator, address, { level });
  calculator.callback$.subscribe(({ name, request }) => told.push(`${name} ${Object.values(request)[0]}`));
  calculator.state$.subscribe(({ result }) => told.push(`state ${result}`));
  await calculator.service.addTo({ n: 100 });
  await calculator.service.subtractFrom({ n: 50 });
  await calculator.service.clear();
  const end = await calculator.close();
  const expected = 'state 0, state 100, equals 100, state 50, equals 50, equation 0 + 100 - 50 = 50, state 50';
  if (told.join() !== expected.replaceAll(', ', ',')) return `told ${told.join(', ')}`;
  return end.kind === 'closed' ? undefined : `ended as ${end.kind}: ${end.message}`;
}
