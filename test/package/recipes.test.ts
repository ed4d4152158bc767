import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'grpc-duplex';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Chat } from '../../examples/chat/gen/chat/v1/chat_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { filesIn, installPackage } from './support/installed.js';

type ModuleKind = 'module' | 'commonjs';

interface Recipe {
  readonly page: string;
  readonly packages: readonly string[];
  readonly compilerOptions?: object;
  readonly main: string;
}

const express: Recipe = {
  page: 'docs/recipes/express.md',
  packages: ['express', '@types/express'],
  main: 'server.js',
};

const nest: Recipe = {
  page: 'docs/recipes/nestjs.md',
  packages: ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata'],
  compilerOptions: { experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true },
  main: 'main.js',
};

/** The files of a page, compiled in a project of their own with the packed package and the real framework. */
async function compile({ page, packages, compilerOptions }: Recipe, type: ModuleKind): Promise<string> {
  const project = await installPackage(...packages);
  onTestFinished(() => project.remove());
  cpSync('examples/chat/proto', join(project.folder, 'proto'), { recursive: true });
  await project.run('duplex', 'generate', 'proto', '--out', 'src/gen');
  for (const [name, text] of filesIn(page)) project.write(name, text);
  await project.compile(type, compilerOptions);
  return join(project.folder, type);
}

/** A served application: its process, and the two places where it listens. */
async function start(script: string) {
  vi.stubEnv('PORT', '0');
  vi.stubEnv('DUPLEX_ADDRESS', 'localhost:0');
  const app = new ScriptProcess(script, [], onTestFinished, []);
  const [, address = ''] = /duplex on ([\w.:[\]]+)/.exec(await app.printed('duplex on')) ?? [];
  const [port = ''] = /\d+$/.exec(await app.printed('http on')) ?? [];
  return { app, address, url: `http://localhost:${port}/announcements` };
}

function announce(url: string, text: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
}

afterEach(() => vi.unstubAllEnvs());

describe.each([
  { title: 'beside Express', recipe: express, type: 'module' },
  { title: 'in NestJS, as ES modules', recipe: nest, type: 'module' },
  { title: 'in NestJS, as CommonJS', recipe: nest, type: 'commonjs' },
] as const)('the recipe $title', ({ recipe, type }) => {
  test('tells the clients what came by HTTP, and at SIGTERM finishes what runs, tells them, and exits with 0', async () => {
    const { app, address, url } = await start(join(await compile(recipe, type), recipe.main));
    const asked = deferred<string>();
    const answer = deferred<{ ok: boolean }>();
    const client = connect(Chat, address, {
      handler: {
        confirm({ text }) {
          asked.resolve(text);
          return answer.promise;
        },
      },
    });
    onTestFinished(() => client.abort());
    const posted = record(client.callbacks.posted$);
    await client.service.join({ name: 'Ann' });
    // Who was asked has joined: operations of a session run in order.
    await client.service.post({ text: 'HELLO' });
    expect(await asked.promise).toBe('HELLO');
    expect((await announce(url, 'dinner is ready')).status).toBe(202);
    await eventually(() => expect(posted).toEqual([{ name: 'web', text: 'dinner is ready' }]));

    app.kill('SIGTERM');
    await eventually(() => expect(client.status).toBe('closing'));
    answer.resolve({ ok: true });
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'deploying' });
    expect(posted.slice(1)).toEqual([{ name: 'Ann', text: 'HELLO' }, 'complete']);
    expect(await app.exited, app.errors).toBe(0);
    await expect(announce(url, 'too late')).rejects.toThrow();
  });
});
