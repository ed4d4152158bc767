import type { Mutant } from './mutant.js';

const outbox = 'src/session/sending/outbox.ts';
const receiver = 'src/session/receiving/receiver.ts';
const receipts = 'src/session/receiving/receipts.ts';
const batch = 'src/wire/batch.ts';
const sender = 'src/session/sending/sender.ts';
const line = 'src/session/sending/waiting-line.ts';

/** Numbers, replay, acknowledgements, windows. */
export const replayMutants: readonly Mutant[] = [
  {
    bug: 'implied counting that diverges: a duplicate counts once more',
    file: receiver,
    find: 'if (seq < next) receipts.hurry(now);',
    replace: 'if (seq < next) receipts.take(item.byteLength, now);',
  },
  {
    bug: 'a duplicate is dispatched again',
    file: receiver,
    find: 'if (seq < next) receipts.hurry(now);',
    replace: 'if (seq < next) this.#listener.item(item);',
  },
  {
    bug: 'a number too large to be one is believed',
    file: 'src/wire/frame-decoder.ts',
    find: 'if (value > Number.MAX_SAFE_INTEGER) throw',
    replace: 'if (value > Number.MAX_VALUE) throw',
  },
  {
    bug: 'a gap is taken for the next item',
    file: receiver,
    find: 'if (seq > next) return next;',
    replace: '',
  },
  {
    bug: 'items are taken before the Welcome',
    file: receiver,
    find: "if (!mayFollow) throw violation('it sends items before the Welcome');",
    replace: '',
  },
  {
    bug: 'a send during the replay goes where nobody looks',
    file: outbox,
    find: '    if (entry === this.#open) this.#open = undefined;\n',
    replace: '',
  },
  {
    bug: 'the replay begins one item late',
    file: outbox,
    find: '    this.framed = received;\n',
    replace: '    this.framed = Math.min(received + 1, this.lastSeq);\n',
  },
  {
    bug: 'the replay begins with the wrong piece of memory',
    file: outbox,
    find: '({ lastSeq }) => lastSeq > received);',
    replace: '({ lastSeq }) => lastSeq >= received);',
  },
  {
    bug: 'an acknowledgement beyond what was sent trims unsent messages',
    file: outbox,
    find: 'if (ack > this.framed || backlog > ack) return false;',
    replace: '',
  },
  {
    bug: 'marks beyond what was sent are believed',
    file: outbox,
    find: 'received < this.acked || received > this.#everFramed',
    replace: 'received < this.acked',
  },
  {
    bug: 'a control that acknowledges nothing says that nothing waits',
    file: outbox,
    find: '    if (ack < this.acked) return true;\n',
    replace: '',
  },
  {
    bug: 'held items count as dispatched',
    file: outbox,
    find: '        if (this.#heldItems <= backlog) return;\n',
    replace: '',
  },
  {
    bug: 'what is only held is not reported as unknown',
    file: outbox,
    find: 'return this.#everFramed - this.#released;',
    replace: 'return this.#everFramed - this.acked;',
  },
  {
    bug: 'the window counts messages, not bytes',
    file: outbox,
    find: '    this.#openBytes += length;\n',
    replace: '    this.#openBytes += 1;\n',
  },
  {
    bug: 'a slow consumer eats memory: the window is always open',
    file: outbox,
    find: 'return this.#openItems < windowItems && this.#openBytes + byteLength <= windowBytes;',
    replace: 'return this.#openItems < windowItems + windowBytes + byteLength;',
  },
  {
    bug: 'who awaits calls that wait to be framed is held up for as long as there is no connection',
    file: 'src/session/session.ts',
    find: "this.sender.flow(this.#state === 'open');",
    replace: "this.sender.flow(this.#state !== 'created');",
  },
  {
    bug: 'what was admitted before the terms were known overruns the window',
    file: sender,
    find: '    if (this.outbox.isOverfull) this.#admitAgain();\n',
    replace: '',
  },
  {
    bug: 'a frame has more items than the peer takes',
    file: outbox,
    find: 'Math.min(this.#terms.frameItems, batch.upTo(',
    replace: 'Math.min(this.#terms.frameBytes, batch.upTo(',
  },
  {
    bug: 'a lent piece of memory is lent again for the replay',
    file: batch,
    find: 'if (from === 0 && !this.#lent) {',
    replace: 'if (from === 0) {',
  },
  {
    bug: 'the memory of a batch is used again when its first frame has arrived',
    file: outbox,
    find: 'first?.endBatch === true ? first.batch.memory : undefined',
    replace: 'first?.batch.memory',
    foundBy: 'test/session/outbox.test.ts',
  },
  {
    bug: 'a cut frame loses its last byte count: items run into each other',
    file: batch,
    find: 'writeVarint(bytes, this.#end + 1, length);',
    replace: 'writeVarint(bytes, this.#end + 1, length + 1);',
  },
  {
    bug: 'an item that is sent while another one is encoded is overwritten by it',
    file: 'src/wire/item-encoder.ts',
    find: '      if (this.#isWriting) this.#makeRoom();\n',
    replace: '',
    foundBy: 'test/unit/wire/item-encoder.test.ts',
  },
  {
    bug: 'an acknowledgement waits for long handlers',
    file: receipts,
    find: 'return { ack: this.received, backlog: this.held };',
    replace: 'return { ack: this.received - this.held, backlog: 0 };',
  },
  {
    bug: 'an acknowledgement that rides on nothing is never sent',
    file: receipts,
    find: 'this.#ackAt = now + LITTLE.delayMs;',
    replace: '',
  },
  {
    bug: 'an acknowledgement of much waits as long as one of little',
    file: receipts,
    find: 'this.#ackAt -= LITTLE.delayMs - ACK_DELAY_MS;',
    replace: '',
  },
  {
    bug: 'handlers that begin open the window late: nobody acknowledges them',
    file: 'src/session/session.ts',
    find: "if (this.#level === 'plain' || this.#receipts.deadline < before) this.#listener.wake();",
    replace: "if (this.#level === 'plain') this.#listener.wake();",
  },
  {
    bug: 'an inbound queue without a bound: nobody notices that the window is overrun',
    file: receipts,
    find: 'return this.held <= windowItems && ',
    replace: 'return this.held <= windowItems + 1e9 || ',
  },
  {
    bug: 'the line of waiting calls has no bound',
    file: line,
    find: 'if (this.#places.length >= items ||',
    replace: 'if (this.#places.length >= 1e9 ||',
  },
  {
    bug: 'a state overtakes the callbacks before it',
    file: line,
    find: '    this.#push(item, true, undefined, key);\n',
    replace: '    this.#push(item, true, undefined, key);\n    this.#places.unshift(this.#places.pop() as Place);\n',
  },
  {
    bug: 'calls that wait overtake each other',
    file: line,
    find: 'if (place.charged && !admits(place.item.length)) break;',
    replace: 'if (place.charged && !admits(place.item.length)) continue;',
  },
  {
    bug: 'calls that wait are forgotten at the end',
    file: line,
    find: 'for (const { waiter } of places) waiter?.failed(error);',
    replace: '',
  },
  {
    bug: 'an offer overtakes the calls that wait',
    file: sender,
    find: 'if (this.#waiting > 0 || !this.#admits(item.length)) return false;',
    replace: 'if (!this.#admits(item.length)) return false;',
  },
  {
    bug: 'an answer overtakes the callbacks before it',
    file: sender,
    find: 'if (this.#line?.waitsSince(since, until) !== true) return this.#send(item, false);',
    replace: 'if (since >= 0) return this.#send(item, false);',
  },
];
