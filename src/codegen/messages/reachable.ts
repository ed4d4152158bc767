import type { DescEnum, DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import { withNested } from '../model/resolve.js';

/** The messages themselves and all that their fields lead to. */
export function reachableMessages(roots: Iterable<DescMessage>): ReadonlySet<DescMessage> {
  const seen = new Set(roots);
  for (const message of seen) {
    for (const field of message.fields) {
      if (field.message !== undefined) seen.add(field.message);
    }
  }
  return seen;
}

/**
 * The files that must be generated so that every type in `roots` has its
 * fields' types: ts-proto writes whole files, so all messages of a file count.
 */
export function reachableFiles(roots: Iterable<DescFile>): ReadonlySet<DescFile> {
  const seen = new Set(roots);
  for (const file of seen) {
    for (const field of file.messages.flatMap(withNested).flatMap((message) => message.fields)) {
      const type = typeOf(field);
      if (type !== undefined) seen.add(type.file);
    }
  }
  return seen;
}

function typeOf(field: DescField): DescMessage | DescEnum | undefined {
  return field.message ?? field.enum;
}
