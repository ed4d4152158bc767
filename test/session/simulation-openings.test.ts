import { describe, expect, it } from 'vitest';
import type { Hello } from '../../src/gen/duplex/v1/session.js';
import { control, controlOf, decodeEnvelope, type Envelope, encodeEnvelope } from '../support/envelope.js';
import type { Entry } from '../support/sim/checks/history.js';
import type { Situation } from '../support/sim/checks/log-checker.js';
import { type Fault, planOf, type Settings } from '../support/sim/plan.js';
import { run } from '../support/sim/run.js';
import { complaintsAbout, type FrameEntry, reframed, tampered } from '../support/sim/tampering.js';

type Log = readonly Entry[];
type Kind = 'hello' | 'welcome';

const settings: Settings = {
  ...planOf(0).settings,
  ...{ level: 'session', retryOpen: false, refuses: 'nobody', older: 'nobody', factoryMs: 0, resumeWindowMs: 120_000 },
  ...{ isNarrow: false, windowItems: 1_000, windowBytes: 1_000_000, frameItems: 1_000, waitingItems: 1_000 },
  ...{ closer: 'client', closesAt: undefined, idles: false },
  network: { latencyMs: 10, jitterMs: 0, bytesPerMs: 10_000, bufferBytes: 16_384, keepaliveMs: null },
};
const note = { do: 'note', count: 1, size: 10, extra: {} } as const;
const hears = { client: 10, server: 10 };

/** The log of a client that calls as it connects, after 100 ms; all is well with it, and it has such a situation. */
async function logOf(situation: Situation, differences: Partial<Settings>, faults: readonly Fault[]): Promise<Log> {
  const steps = [
    { at: 0, on: 'c0', do: 'echo' as const, size: 10, extra: {} },
    { at: 1_000, on: 'c0', ...note },
    { at: 2_005, on: 's0', ...note, do: 'noted' as const },
  ];
  const plan = { settings: { ...settings, ...differences }, clients: [100], steps, faults, horizonMs: 5_000 };
  // Some services turn only some clients away.
  for (let seed = 0; seed < 20; seed++) {
    const { history, situations, violations } = await run({ seed, ...plan, credentialsMs: undefined });
    expect(violations).toEqual([]);
    if (situations.has(situation)) return history.entries;
  }
  throw new Error(`never: ${situation}`);
}

const isFrame = (entry: Entry): entry is FrameEntry => entry.what === 'write' || entry.what === 'frame';

/** Whether a frame has such a control, from such a side. */
function isOf(entry: Entry, what: 'write' | 'frame', who: 'c' | 'S', kind: Kind): entry is FrameEntry {
  if (!isFrame(entry) || entry.what !== what || !entry.who.startsWith(who)) return false;
  return controlOf(decodeEnvelope(entry.frame))?.$case === kind;
}

function helloIn({ frame }: FrameEntry): Hello {
  const said = controlOf(decodeEnvelope(frame));
  if (said?.$case !== 'hello') throw new Error('no Hello');
  return said.value;
}

/** Changes the first frame with such a control that `applies`. */
function changing(
  [what, who, kind]: readonly ['write' | 'frame', 'c' | 'S', Kind],
  change: (envelope: Envelope) => Envelope,
  applies: (entry: FrameEntry) => boolean = () => true,
): (log: Log) => Log {
  return (log) =>
    tampered(log, (entry) => (isOf(entry, what, who, kind) && applies(entry) ? [reframed(entry, change)] : undefined));
}

/** Puts a frame in front of, or behind, the first one with such a control. */
function adding(
  [what, who, kind]: readonly ['write' | 'frame', 'c' | 'S', Kind],
  make: (entry: FrameEntry) => FrameEntry,
  where: 'before' | 'behind',
): (log: Log) => Log {
  return (log) =>
    tampered(log, (entry) => {
      if (!isOf(entry, what, who, kind)) return undefined;
      return where === 'before' ? [make(entry), entry] : [entry, make(entry)];
    });
}

const resumes = (entry: FrameEntry): boolean => helloIn(entry).sessionId.length > 0;
const ping = encodeEnvelope({ content: control({ $case: 'ping', value: { id: 1 } }) });
const one: Envelope = { content: { number: 100, bytes: Uint8Array.of(1) } };

function withoutFeatures(envelope: Envelope): Envelope {
  const said = controlOf(envelope);
  if (said?.$case !== 'hello') throw new Error('no Hello');
  return { ...envelope, content: control({ ...said, value: { ...said.value, features: [] } }) };
}

/** The call that went with the first Hello. */
function firstIdIn(log: Log): string {
  const entry = log.find((each): each is FrameEntry => isOf(each, 'write', 'c', 'hello'));
  const [item] = decodeEnvelope(entry?.frame ?? new Uint8Array()).more ?? [];
  const text = Buffer.from(item?.content?.bytes ?? []).toString('latin1');
  const id = /"id":"([^"]+)"/.exec(text)?.[1];
  if (id === undefined) throw new Error('the first item does not say which call it is');
  return id;
}

describe('checker B, of what goes with a Hello and a Welcome', async () => {
  /** The session is resumed, too, with items. */
  const taken = await logOf('first item taken', {}, [
    { at: 2_000, on: 'c0', fault: 'cut', afterBytes: 0, up: true, hears },
  ]);
  const ignored = await logOf('first item ignored, sent again', { older: 'service' }, []);
  const refused = await logOf('first item refused', { refuses: 'factory', factoryMs: 50 }, []);
  const lostAndRan = await logOf('first item lost, and it ran', {}, [
    { at: 135, on: 'c0', fault: 'cut', afterBytes: 0, up: true, hears },
  ]);
  const unreached = await logOf('first item reached nobody', {}, [{ at: 50, on: 'c0', fault: 'refuse', forMs: 1_000 }]);

  it.each([
    ['was taken', taken],
    ['was ignored', ignored],
    ['was refused', refused],
    ['was lost', lostAndRan],
    ['reached nobody', unreached],
  ])('has nothing to say where the first item %s', (_, log) => {
    expect(complaintsAbout(log)).toEqual([]);
  });

  const wrong: readonly (readonly [string, Log, (log: Log) => Log, string, string])[] = [
    [
      'an item goes with a Hello that resumes',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({ ...envelope, seq: 1, more: [one] }), resumes),
      'hello',
      'that resumes',
    ],
    [
      'it goes with the Hello of a client that repeats it',
      taken,
      (log) =>
        tampered(log, (entry) =>
          entry.what === 'settings' ? [{ ...entry, settings: { ...entry.settings, retryOpen: true } }] : undefined,
        ),
      'hello',
      'will be said again',
    ],
    [
      'a Hello that had one is said again',
      taken,
      adding(
        ['write', 'c', 'hello'],
        (entry) => ({
          ...reframed(entry, ({ content = one.content }) => ({ ...(content && { content }) })),
          stream: 999,
        }),
        'behind',
      ),
      'hello',
      'it is said again',
    ],
    [
      'there is a second Hello on a stream',
      taken,
      adding(['write', 'c', 'hello'], (entry) => entry, 'behind'),
      'hello',
      'a second Hello',
    ],
    [
      'two items go with it',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({ ...envelope, more: [...(envelope.more ?? []), one] })),
      'hello',
      'more than one item',
    ],
    [
      'it has another number than 1',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({ ...envelope, seq: 2 })),
      'hello',
      'from number 2 on',
    ],
    [
      'it is large',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({
        ...envelope,
        more: [{ content: { number: 100, bytes: new Uint8Array(16 * 1024) } }],
      })),
      'hello',
      'too large',
    ],
    [
      'a Hello acknowledges',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({ ...envelope, ack: 1 })),
      'hello',
      'acknowledges',
    ],
    [
      'a Hello without items has a number',
      taken,
      changing(['write', 'c', 'hello'], (envelope) => ({ ...envelope, seq: 1 }), resumes),
      'hello',
      '0 items go with it from number 1 on',
    ],
    [
      'the client says more before its Welcome',
      taken,
      adding(['write', 'c', 'hello'], (entry) => ({ ...entry, frame: ping }), 'behind'),
      'hello',
      'before its Welcome',
    ],
    [
      'the service does not acknowledge the item that it has read',
      taken,
      changing(['write', 'S', 'welcome'], ({ ack: _, ...envelope }) => envelope),
      'welcome',
      'it acknowledges 0',
    ],
    [
      'it acknowledges an item that it has not read',
      ignored,
      changing(['write', 'S', 'welcome'], (envelope) => ({ ...envelope, ack: 1 })),
      'acks',
      'only 0 were read',
    ],
    [
      'the client does not send again what was not taken',
      taken,
      changing(['frame', 'c', 'welcome'], ({ ack: _, ...envelope }) => envelope),
      'numbers',
      'where 1 is next',
    ],
    [
      'it sends again what was taken',
      ignored,
      changing(['frame', 'c', 'welcome'], (envelope) => ({ ...envelope, ack: 1 })),
      'numbers',
      'where 2 is next',
    ],
    [
      'items go with the Welcome of a client that does not say that it takes them',
      taken,
      changing(['frame', 'S', 'hello'], withoutFeatures),
      'welcome',
      'does not take them',
    ],
    [
      'they go with one that resumes, and its Hello does not say so again',
      taken,
      changing(['frame', 'S', 'hello'], withoutFeatures, resumes),
      'welcome',
      'does not take them',
    ],
    [
      'they have no numbers',
      taken,
      changing(['write', 'S', 'welcome'], ({ seq: _, ...envelope }) => envelope, hasItems),
      'welcome',
      'no numbers',
    ],
    [
      'they have the wrong ones',
      taken,
      changing(['write', 'S', 'welcome'], (envelope) => ({ ...envelope, seq: 7 }), hasItems),
      'numbers',
      'wrote 7',
    ],
    [
      'a Welcome without items has a number',
      taken,
      changing(['write', 'S', 'welcome'], ({ more: _, ...envelope }) => envelope, hasItems),
      'welcome',
      'without items is numbered',
    ],
    [
      'there are two Welcomes on a stream',
      taken,
      adding(['write', 'S', 'welcome'], (entry) => entry, 'behind'),
      'welcome',
      'a second Welcome',
    ],
    [
      'a Welcome answers nobody',
      taken,
      (log) => tampered(log, (entry) => (isOf(entry, 'frame', 'S', 'hello') ? [] : undefined)),
      'welcome',
      'nobody has read a Hello',
    ],
    [
      'the first item begins before its client is let in',
      taken,
      (log) => {
        const id = firstIdIn(log);
        const hello = log.findIndex((entry) => isOf(entry, 'frame', 'S', 'hello'));
        const begun = log.find((entry) => entry.what === 'begun' && entry.id === id) as Entry;
        return log.filter((entry) => entry !== begun).toSpliced(hello, 0, { ...begun, t: -1 });
      },
      'welcome',
      'before its client was let in',
    ],
    [
      'it begins though its client is turned away',
      refused,
      (log) => tampered(log, (entry) => (entry.what === 'over' ? [begunAs(firstIdIn(log), entry), entry] : undefined)),
      'welcome',
      'was never let in',
    ],
    [
      'who is turned away is told that its call may have run',
      refused,
      settledAs('refused 7 maybe'),
      'fate',
      'turned away',
    ],
    ['who reaches nobody is told so', unreached, settledAs('unavailable 14 maybe'), 'fate', 'nobody was reached'],
    [
      'a session that was not opened knows that an item did not run which did',
      lostAndRan,
      (log) =>
        tampered(log, (entry) =>
          entry.what === 'over' && entry.who === 'c0' ? [{ ...entry, unknownItems: 0 }] : undefined,
        ),
      'unknown',
      'did not run, but it did',
    ],
    [
      'another control has a number',
      taken,
      adding(
        ['write', 'S', 'welcome'],
        (entry) => ({ ...entry, frame: encodeEnvelope({ ...decodeEnvelope(ping), seq: 3 }) }),
        'behind',
      ),
      'frame',
      'numbers a control',
    ],
    [
      'items go with another control',
      taken,
      adding(
        ['write', 'S', 'welcome'],
        (entry) => ({ ...entry, frame: encodeEnvelope({ ...decodeEnvelope(ping), more: [one] }) }),
        'behind',
      ),
      'frame',
      'has items with it',
    ],
    [
      'a control is among the further items',
      taken,
      changing(['write', 'S', 'welcome'], (envelope) => ({ ...envelope, more: [decodeEnvelope(ping)] }), hasItems),
      'frame',
      'a control among further items',
    ],
    [
      'a frame without items has a number',
      taken,
      adding(['write', 'S', 'welcome'], (entry) => ({ ...entry, frame: encodeEnvelope({ seq: 3 }) }), 'behind'),
      'frame',
      'without items',
    ],
  ];

  it.each(wrong)('sees that %s', (_, log, tamper, rule, message) => {
    const complaint = { rule: `log: ${rule}`, message: expect.stringContaining(message) };
    expect(complaintsAbout(tamper(log))).toContainEqual(expect.objectContaining(complaint));
  });
});

function hasItems({ frame }: FrameEntry): boolean {
  return decodeEnvelope(frame).more !== undefined;
}

function begunAs(id: string, { t }: Entry): Entry {
  return { what: 'begun', who: 'S0.0', id, t };
}

function settledAs(outcome: string): (log: Log) => Log {
  return (log) =>
    tampered(log, (entry) =>
      entry.what === 'settled' && entry.outcome.endsWith(' no') ? [{ ...entry, outcome }] : undefined,
    );
}
