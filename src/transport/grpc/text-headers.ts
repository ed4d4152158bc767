import type { Metadata } from '@grpc/grpc-js';

/** The text entries of metadata, by their names in lower case. */
export function textHeaders(metadata: Metadata): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata.getMap());
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
