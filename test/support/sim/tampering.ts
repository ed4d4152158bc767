import { decodeEnvelope, type Envelope, encodeEnvelope } from '../envelope.js';
import type { Entry } from './checks/history.js';
import { LogChecker } from './checks/log-checker.js';

/** What checker B has to say of a log: each rule that is broken, and how. */
export function complaintsAbout(
  entries: readonly Entry[],
): readonly { readonly rule: string; readonly message: string }[] {
  const checker = new LogChecker();
  checker.check(entries);
  return checker.complaints;
}

/** The log with one entry replaced by others; `choose` says by which, and for the rest nothing. */
export function tampered(
  entries: readonly Entry[],
  choose: (entry: Entry) => readonly Entry[] | undefined,
): readonly Entry[] {
  let done = false;
  const result = entries.flatMap((entry) => {
    const instead = done ? undefined : choose(entry);
    done ||= instead !== undefined;
    return instead ?? [entry];
  });
  if (!done) throw new Error('the log has nothing of that kind');
  return result;
}

/** A frame that was written or read. */
export type FrameEntry = Extract<Entry, { what: 'write' | 'frame' }>;

/** The entry with another frame. */
export function reframed(entry: FrameEntry, change: (envelope: Envelope) => Envelope): FrameEntry {
  return { ...entry, frame: encodeEnvelope(change(decodeEnvelope(entry.frame))) };
}
