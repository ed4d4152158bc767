// @ts-check
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';

const require = createRequire(import.meta.url);

/** What the figures were measured on, in one line. */
export function machine() {
  const { version } = require('@grpc/grpc-js/package.json');
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${availableParallelism()} cores of ${processor}, Node ${process.versions.node}, grpc-js ${version}`;
}
