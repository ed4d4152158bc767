import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../support/envelope.js';
import type { Entry } from '../support/sim/checks/history.js';
import { Ledger } from '../support/sim/checks/ledger.js';
import { planOf } from '../support/sim/plan.js';
import { run } from '../support/sim/run.js';
import { complaintsAbout, tampered } from '../support/sim/tampering.js';

/** The frames in which client c0 said again what it had said over a connection that broke. */
function replaysIn(entries: readonly Entry[]): ReadonlySet<Entry> {
  const replays = new Set<Entry>();
  let highest = 0;
  for (const entry of entries) {
    if (entry.what !== 'write' || entry.who !== 'c0') continue;
    const { seq = 0 } = decodeEnvelope(entry.frame);
    if (seq > 0 && seq <= highest) replays.add(entry);
    highest = Math.max(highest, seq);
  }
  return replays;
}

/** A run in which the client resumed, said something again, and closed in order. */
async function recorded(): Promise<readonly Entry[]> {
  for (let seed = 0; seed < 1_000; seed++) {
    const { history, violations } = await run(planOf(seed));
    const { entries } = history;
    const begun = entries.filter(isServed);
    const closed = entries.some((entry) => entry.what === 'over' && entry.who === 'c0' && entry.kind === 'closed');
    if (violations.length === 0 && begun.length > 10 && closed && replaysIn(entries).size > 0) return entries;
  }
  throw new Error('no seed has all that');
}

const complaintsOf = (entries: readonly Entry[]): readonly string[] => complaintsAbout(entries).map(({ rule }) => rule);
const isServed = (entry: Entry): boolean => entry.what === 'begun' && entry.who.startsWith('S');
const ownerOf = (entry: Entry | undefined): string | undefined => (entry?.what === 'begun' ? entry.who : undefined);

describe('checker B', async () => {
  const entries = await recorded();

  it('has nothing to say of a log in which all is well', () => {
    expect(complaintsOf(entries)).toEqual([]);
  });

  it('sees that a call ran twice', () => {
    const log = tampered(entries, (entry) => (isServed(entry) ? [entry, entry] : undefined));
    expect(complaintsOf(log)).toContain('log: once');
  });

  it('sees that a call did not run although its session closed in order', () => {
    const log = tampered(entries, (entry) => (isServed(entry) ? [] : undefined));
    expect(complaintsOf(log)).toContain('log: unknown');
  });

  it('sees that two calls changed places', () => {
    const first = entries.find(isServed);
    const second = entries.find((entry) => isServed(entry) && entry !== first && ownerOf(entry) === ownerOf(first));
    const log = entries.map((entry) => (entry === first ? second : entry === second ? first : entry) as Entry);
    expect(complaintsOf(log)).toContain('log: order');
  });

  it('sees that a replay is not what was sent before', () => {
    const replays = replaysIn(entries);
    const log = tampered(entries, (entry) => {
      if (entry.what !== 'write' || !replays.has(entry)) return undefined;
      const frame = entry.frame.slice();
      // The last byte belongs to what the last item says.
      frame[frame.length - 1] = (frame.at(-1) as number) ^ 1;
      return [{ ...entry, frame }];
    });
    expect(complaintsOf(log)).toContain('log: replay');
  });

  it('sees that a call never settled', () => {
    const log = tampered(entries, (entry) => (entry.what === 'settled' && entry.who === 'c0' ? [] : undefined));
    expect(complaintsOf(log)).toContain('log: settles');
  });

  it('sees that a session knows more than it heard', () => {
    const lost = (entry: Entry): Entry[] | undefined =>
      entry.what === 'over' && entry.who === 'c0' ? [{ ...entry, kind: 'lost', unknownItems: -1 }] : undefined;
    expect(complaintsOf(tampered(entries, lost))).toContain('log: unknown');
  });
});

describe('checker A', () => {
  function books(): { ledger: Ledger; broken: string[] } {
    const broken: string[] = [];
    const ledger = new Ledger('c0', (rule) => broken.push(rule));
    for (let i = 0; i < 4; i++) ledger.make();
    return { ledger, broken };
  }

  it('sees a call that is lost, or late', () => {
    const { ledger, broken } = books();
    ledger.begin(1);
    ledger.begin(3);
    expect(broken).toEqual(['order']);
    ledger.begin(2);
    expect(broken).toEqual(['order', 'order']);
    expect(ledger.owed).toEqual([4]);
  });

  it('sees a call that runs twice, or was never made', () => {
    const { ledger, broken } = books();
    ledger.begin(1);
    ledger.begin(1);
    ledger.begin(5);
    expect(broken).toEqual(['once', 'once']);
  });

  it('sees a call that runs although its caller was told that it does not', () => {
    const { ledger, broken } = books();
    ledger.refuse(1);
    ledger.begin(1);
    ledger.begin(2);
    ledger.refuse(2);
    expect(broken).toEqual(['truth', 'truth']);
  });

  it('does not miss what was refused or withdrawn', () => {
    const { ledger, broken } = books();
    ledger.refuse(1);
    ledger.withdraw(2);
    ledger.begin(3);
    expect(broken).toEqual([]);
    expect(ledger.owed).toEqual([4]);
  });
});
