// @ts-check
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg } from 'node:os';

const require = createRequire(import.meta.url);

/** What the figures were measured on, in one line, and how busy it was at the start. */
export function machine() {
  const { version } = require('@grpc/grpc-js/package.json');
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const cores = `${availableParallelism()} cores of ${processor} with a load of ${load} before`;
  return `${cores}, Node ${process.versions.node}, grpc-js ${version}`;
}
