import type { Mutant } from './mutant.js';

const session = 'src/session/session.ts';
const sender = 'src/session/sending/sender.ts';

/** What is said before, and with, a Hello and a Welcome. */
export const openingMutants: readonly Mutant[] = [
  {
    bug: 'the first item goes with a Hello that is said again, maybe to another process',
    file: session,
    find: "return $case === 'hello' && this.#state === 'opening' && !this.#options.retryOpen ? 1 : 0;",
    replace: "return $case === 'hello' && this.#state === 'opening' ? 1 : 0;",
  },
  {
    bug: 'an item goes with a Hello that resumes',
    file: session,
    find: "return $case === 'hello' && this.#state === 'opening' && !this.#options.retryOpen ? 1 : 0;",
    replace: "return $case === 'hello' && !this.#options.retryOpen ? 1 : 0;",
  },
  {
    bug: 'more goes with a Hello than an empty window takes',
    file: session,
    find: '!this.#options.retryOpen ? 1 : 0;',
    replace: '!this.#options.retryOpen ? 2 : 0;',
  },
  {
    bug: 'a call whose client was turned away may have run',
    file: session,
    find: "(end.kind === 'refused' || this.#carrier.hasReachedNobody)",
    replace: 'this.#carrier.hasReachedNobody',
  },
  {
    bug: 'a call that reached nobody may have run',
    file: session,
    find: "(end.kind === 'refused' || this.#carrier.hasReachedNobody)",
    replace: "end.kind === 'refused'",
  },
  {
    bug: 'a call that went with a Hello did not run because no Welcome came',
    file: session,
    find: "if (this.#state === 'opening' && (end.kind === 'refused' || this.#carrier.hasReachedNobody))",
    replace: "if (this.#state === 'opening')",
  },
  {
    bug: 'an item that an older service ignored is not sent again',
    file: session,
    find: 'if (opens && this.#outbox.acked === 0) this.#outbox.takeBackFramed();',
    replace: '',
  },
  {
    bug: 'an item that came with a Hello is taken again',
    file: session,
    find: 'if (opens && this.#outbox.acked === 0) this.#outbox.takeBackFramed();',
    replace: 'if (opens) this.#outbox.framed = 0;',
  },
  {
    bug: 'calls run before their client is let in',
    file: 'src/calls/incoming/dispatcher.ts',
    find: '    this.#paused = paused;\n',
    replace: '    this.#paused = false;\n',
  },
  {
    bug: 'items go with the Welcome of a client that does not take them there',
    file: session,
    find: 'return this.#greetsWithItems && this',
    replace: 'return this',
  },
  {
    bug: 'items go with a Welcome because an earlier Hello said so',
    file: session,
    find: '    if (!this.#resumption.isNews(hello)) return false;\n    this.#heed(hello);\n',
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
