import { watch } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CommandHost } from '../command.js';

/** How long a change is given to be complete, as an editor saves in several steps. */
const settleMs = 50;

/**
 * Runs once, and again after every change of a proto below the folders, until
 * the host's signal ends it. An error is shown and waited out. What `run`
 * writes itself is a change too, after which it should have nothing to do.
 */
export async function watchProtos(
  folders: Iterable<string>,
  host: CommandHost,
  run: () => Promise<unknown>,
): Promise<void> {
  const { cwd, signal, out, err } = host;
  let changed = true;
  let wake = () => {};
  const watchers = [...folders].map((folder) =>
    watch(resolve(cwd, folder), { recursive: true }, (_, file) => {
      if (!file?.endsWith('.proto')) return;
      changed = true;
      wake();
    }),
  );
  signal?.addEventListener('abort', () => wake());
  out('watching; end with Ctrl+C');
  while (!signal?.aborted) {
    if (changed) {
      changed = false;
      await run().catch((error: unknown) => err(error instanceof Error ? error.message : String(error)));
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      await setTimeout(settleMs);
    }
  }
  for (const watcher of watchers) watcher.close();
}
