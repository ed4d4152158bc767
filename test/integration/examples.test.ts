import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';

/** Types the command that an example's README has for a terminal, but for the address. */
function type(name: string, terminal: 'server' | 'client', address: string): ScriptProcess {
  const readme = readFileSync(`examples/${name}/README.md`, 'utf8');
  const [, args] = new RegExp(`^npx tsx (.*/${terminal}\\.ts.*)$`, 'm').exec(readme) ?? [];
  if (args === undefined) throw new Error(`the README of ${name} does not say how to start its ${terminal}`);
  const [script = '', ...rest] = args.replace('localhost:50051', address).split(' ');
  return new ScriptProcess(script, rest);
}

/** An example's service, listening, and a client of it, each in a process of its own. */
async function start(name: string) {
  const server = type(name, 'server', 'localhost:0');
  const address = (await server.printed('listening on')).replace('listening on ', '');
  return { server, address, client: type(name, 'client', address) };
}

describe('the examples', () => {
  const tests = readdirSync('examples').map((name) => `examples/${name}/${name}.test.ts`);

  it.each(tests)('pass their own tests under node:test: %s', async (file) => {
    const runner = new ScriptProcess(file);
    expect(await runner.exited, runner.lines.join('\n') + runner.errors).toBe(0);
    expect(runner.lines.join('\n')).toMatch(/pass [1-9]/);
  });

  it('run in two terminals: the calculator answers on its callback contract', async () => {
    const { client } = await start('calculator');
    expect(await client.exited, client.errors).toBe(0);
    const results = client.lines.filter((line) => /^Equal?/.test(line)).map((line) => line.replace(/\(.*/, ''));
    expect(results).toEqual(['Equals', 'Equals', 'Equals', 'Equals', 'Equation']);
  });

  it('run in two terminals: the ticker streams prices and follows what the client says', async () => {
    const { client } = await start('ticker');
    expect(await client.exited, client.errors).toBe(0);
    const lines = client.lines.map((line) => line.replace(/[\d.]+/, 'N'));
    expect(lines.slice(0, 3)).toEqual(['ACME N', 'ACME N', 'ACME N']);
    expect(lines.slice(-4)).toEqual([...Array(3).fill('followed INITECH N'), 'the market changed N times']);
    expect(client.errors).toBe('');
  });

  it('run in two terminals: the bank asks the person at the client, and takes no for an answer', async () => {
    const { client } = await start('approval');
    await client.printed('receipt 1 for the baker');
    await eventually(() => expect(client.unfinished).toContain('Pay 900.00 to the landlord? [y/n]'));
    client.type('no thanks\n');
    expect(await client.exited, client.errors).toBe(0);
    expect(client.lines.at(-1)).toContain('not paid to the landlord: the answer was "no thanks"');
  });

  it('run in terminals: what one says in the room the other hears', async () => {
    const { client: ann, address } = await start('chat');
    await ann.printed('room: Ann is here');
    const bob = new ScriptProcess('examples/chat/client.ts', [address, 'Bob']);
    await ann.printed('room: Bob is here');
    bob.type('hello\n');
    await ann.printed('Bob: hello');
    bob.type('HELLO\n');
    await ann.printed('Bob: HELLO');
    expect(bob.lines).toContain('(shouting "HELLO")');
    bob.end();
    expect(await bob.exited, bob.errors).toBe(0);
    await ann.printed('room: Bob has left');
  });
});
