import type { Mutant } from './mutant.js';

const session = 'src/session/session.ts';
const framing = 'src/session/framing.ts';
const sender = 'src/session/sending/sender.ts';

/** What is said before, and with, a Hello and a Welcome. */
export const openingMutants: readonly Mutant[] = [
  {
    bug: 'the first item goes with a Hello that is said again, maybe to another process',
    file: framing,
    find: "if ($case === 'hello') return state === 'opening' && !this.#mayRepeat ? 1 : 0;",
    replace: "if ($case === 'hello') return state === 'opening' ? 1 : 0;",
  },
  {
    bug: 'an item goes with the Hello of a session that is over, and said that it would not',
    file: framing,
    find: "if ($case === 'hello') return state === 'opening' && !this.#mayRepeat ? 1 : 0;",
    replace: "if ($case === 'hello') return (state === 'opening' || state === 'closed') && !this.#mayRepeat ? 1 : 0;",
  },
  {
    bug: 'an item goes with a Hello that resumes',
    file: framing,
    find: "if ($case === 'hello') return state === 'opening' && !this.#mayRepeat ? 1 : 0;",
    replace: "if ($case === 'hello') return state !== 'closed' && !this.#mayRepeat ? 1 : 0;",
  },
  {
    bug: 'more goes with a Hello than an empty window takes',
    file: framing,
    find: '!this.#mayRepeat ? 1 : 0;',
    replace: '!this.#mayRepeat ? 2 : 0;',
  },
  {
    bug: 'a call whose client was turned away may have run',
    file: framing,
    find: 'if (isRefusal || this.reach.hasReachedNobody) this.takeBack();',
    replace: 'if (this.reach.hasReachedNobody) this.takeBack();',
  },
  {
    bug: 'a call that reached nobody may have run',
    file: framing,
    find: 'if (isRefusal || this.reach.hasReachedNobody) this.takeBack();',
    replace: 'if (isRefusal) this.takeBack();',
  },
  {
    bug: 'a call that went with a Hello did not run because no Welcome came',
    file: framing,
    find: 'if (isRefusal || this.reach.hasReachedNobody) this.takeBack();',
    replace: 'if (code !== undefined) this.takeBack();',
  },
  {
    bug: 'an item that an older service ignored is not sent again',
    file: framing,
    find: 'if (this.#sender.outbox.acked === 0) this.takeBack();',
    replace: '',
  },
  {
    bug: 'an item that came with a Hello is taken again',
    file: framing,
    find: 'if (this.#sender.outbox.acked === 0) this.takeBack();',
    replace: 'this.#sender.outbox.framed = 0;',
  },
  {
    bug: 'calls run before their client is let in',
    file: 'src/calls/incoming/dispatcher.ts',
    find: '    this.#paused = paused;\n',
    replace: '    this.#paused = false;\n',
  },
  {
    bug: 'items go with the Welcome of a client that does not take them there',
    file: framing,
    find: "state === 'open' && this.#takesItems ?",
    replace: "state === 'open' ?",
  },
  {
    bug: 'items go with a Welcome because an earlier Hello said so',
    file: session,
    find: '    if (!this.#resumption.isNews(hello)) return false;\n    this.#framing.heed(hello);\n',
    replace: '    if (!this.#resumption.isNews(hello)) return false;\n',
  },
  {
    bug: 'a control takes the number of the item that goes with it',
    file: 'src/session/receiving/receiver.ts',
    find: '        seq -= 1;\n',
    replace: '',
  },
  {
    bug: 'items of a stream wait behind calls that only its handler lets in',
    file: sender,
    find: 'else if (!charged) outbox.add(item);',
    replace: 'else if (!charged && late.length === 0) outbox.add(item);',
  },
  {
    bug: 'what belongs to a call overtakes it where the window turns out to be small',
    file: sender,
    find: 'return this.#line?.mark ?? this.outbox.lastSeq;',
    replace: 'return this.#line?.mark ?? 0;',
  },
];
