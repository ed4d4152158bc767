import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { News, Order } from './messages.js';

/** A service or client in a process of its own, which may be stopped, continued and killed. */
export class Child {
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(news: News) => void>();

  /**
   * Starts a script of this folder; `within` is a command that runs another
   * one. `died` hears of an end that nobody asked for.
   */
  constructor(script: string, died: (how: string) => void, within: readonly string[] = []) {
    // The loader of TypeScript is inherited from the command line of this process.
    const [execPath = process.execPath, ...execArgv] = [...within, process.execPath, ...process.execArgv];
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.#process = fork(join(import.meta.dirname, script), { execPath, execArgv, stdio: [...stdio] });
    this.#process.on('message', (news: News) => {
      for (const listener of this.#listeners) listener(news);
    });
    this.#process.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0) died(`${script} ended with ${signal ?? code}`);
    });
  }

  order(order: Order): void {
    this.#process.send(order);
  }

  listen(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets the process stand still: it does nothing, and the kernel keeps its connections. */
  stop(): void {
    this.#process.kill('SIGSTOP');
  }

  continue(): void {
    this.#process.kill('SIGCONT');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
