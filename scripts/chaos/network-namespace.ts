import { execFileSync } from 'node:child_process';
import type { Directions } from '../../test/support/faults.js';

/**
 * A network of its own for one process, and a virtual cable from there to
 * here. What a black hole swallows no proxy has acknowledged: the kernels at
 * both ends go on sending it again, as over a real link that died. Needs
 * Linux, root, and `ip`.
 */
export class NetworkNamespace {
  /** Address of this side of the cable. */
  readonly outside = '10.203.203.1';
  readonly #inside = '10.203.203.2';
  readonly #name = `duplex-${process.pid}`;
  readonly #cable = `dplx${process.pid % 100_000}`;

  /** Makes one, or says why there can be none. */
  static create(): NetworkNamespace | string {
    if (process.getuid?.() !== 0) return 'not root';
    const namespace = new NetworkNamespace();
    try {
      namespace.#setUp();
      return namespace;
    } catch (error) {
      namespace.destroy();
      return `no network namespace: ${(error as Error).message.split('\n')[0]}`;
    }
  }

  /** What to put before a command that shall run inside. */
  get command(): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** From now on what is sent from inside (up), or from outside (down), gets lost. */
  blackhole({ up = false, down = false }: Directions): void {
    if (up) this.#ipInside('route', 'replace', 'blackhole', `${this.outside}/32`);
    if (down) ip('route', 'replace', 'blackhole', `${this.#inside}/32`);
  }

  /** The cable is whole again. */
  restore(): void {
    attempt(() => this.#ipInside('route', 'del', 'blackhole', `${this.outside}/32`));
    attempt(() => ip('route', 'del', 'blackhole', `${this.#inside}/32`));
  }

  destroy(): void {
    attempt(() => ip('route', 'del', 'blackhole', `${this.#inside}/32`));
    attempt(() => ip('link', 'del', `${this.#cable}o`));
    attempt(() => ip('netns', 'del', this.#name));
  }

  #setUp(): void {
    const [outer, inner] = [`${this.#cable}o`, `${this.#cable}i`];
    ip('netns', 'add', this.#name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
    ip('link', 'set', inner, 'netns', this.#name);
    ip('addr', 'add', `${this.outside}/30`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    this.#ipInside('addr', 'add', `${this.#inside}/30`, 'dev', inner);
    this.#ipInside('link', 'set', inner, 'up');
  }

  #ipInside(...args: readonly string[]): void {
    ip('-n', this.#name, ...args);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

/** What is not there need not be taken away. */
function attempt(undo: () => void): void {
  try {
    undo();
  } catch {}
}
