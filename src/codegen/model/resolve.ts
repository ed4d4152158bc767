import type { DescFile, DescMessage, DescService } from '@bufbuild/protobuf';
import type { Reference } from './contract-model.js';

/**
 * Finds what an option names, in the way in which proto finds types: a name
 * with a leading dot is complete, any other is looked for in the package of
 * the file, then in the packages around it. Only the file and what it imports,
 * directly or not, is seen, so that the result never depends on what else the
 * compiler was given.
 */
export function createResolver(file: DescFile): {
  message(name: string): Reference<DescMessage>;
  service(name: string): Reference<DescService>;
} {
  const files = [...visibleFiles(file)];
  const messages = new Map(files.flatMap((file) => file.messages.flatMap(withNested)).map((m) => [m.typeName, m]));
  const services = new Map(files.flatMap((file) => file.services).map((service) => [service.typeName, service]));
  const find = <Target>(name: string, targets: ReadonlyMap<string, Target>): Reference<Target> => ({
    name,
    target: candidates(name, file.proto.package)
      .map((candidate) => targets.get(candidate))
      .find((target) => target !== undefined),
  });
  return {
    message: (name) => find(name, messages),
    service: (name) => find(name, services),
  };
}

/** A message and all messages declared inside it. */
export function withNested(message: DescMessage): readonly DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}

function visibleFiles(file: DescFile, seen: Set<DescFile> = new Set()): ReadonlySet<DescFile> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const dependency of file.dependencies) visibleFiles(dependency, seen);
  }
  return seen;
}

/** The full names that a name may stand for, nearest first. */
export function candidates(name: string, scope: string): readonly string[] {
  if (name.startsWith('.')) return [name.slice(1)];
  const parts = scope === '' ? [] : scope.split('.');
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    [...parts.slice(0, parts.length - dropped), name].join('.'),
  );
}
