import type { Terms } from '../gen/duplex/v1/session.js';

/** What one side of a session accepts from the other; see `Terms` in session.proto. */
export type SessionTerms = Readonly<Terms>;

const KIB = 1024;
const MIB = 1024 * KIB;

/** The terms of a peer that says nothing else. Sizes are bytes, times milliseconds. */
export const defaultTerms: SessionTerms = Object.freeze({
  frameBytes: 4 * MIB,
  frameItems: 16_384,
  itemBytes: MIB,
  windowItems: 16_384,
  windowBytes: 4 * MIB,
  calls: 256,
  streamCredit: 256,
  ttlMs: 0,
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
});

const names = Object.keys(defaultTerms) as readonly (keyof SessionTerms)[];

/**
 * A frame takes no further item once it has this many bytes. Two fit into the
 * 64 KiB that HTTP/2 lets a stream send ahead: one travels while the other is
 * read. Frames of 64 KiB had to wait for each other, which cost a third of the
 * messages; smaller ones pay for gRPC more often.
 */
export const GATHER_BYTES = 30 * KIB;

/** The peer's terms with the defaults for whatever it left out; `own` itself if they are the same. */
export function termsOf(peer: Terms | undefined, own = defaultTerms): SessionTerms {
  if (peer === undefined) return defaultTerms;
  const said = { ...peer };
  let isOwn = true;
  for (const name of names) {
    said[name] ||= defaultTerms[name];
    if (said[name] !== own[name]) isOwn = false;
  }
  // Most sessions have both sides' defaults, and then need no object of their own for it.
  return isOwn ? own : said;
}
