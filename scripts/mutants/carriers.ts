import type { Mutant } from './mutant.js';

const driver = 'src/transport/driver.ts';
const hosted = 'src/server/hosted-service.ts';
const reception = 'src/server/reception.ts';
const tokens = 'src/server/security/resume-tokens.ts';

/** Who drives a session over its carriers, and who lets clients in. */
export const carrierMutants: readonly Mutant[] = [
  {
    bug: 'frames of a superseded stream are taken',
    file: driver,
    find: '    if (link !== this.#link) return;\n    const now = this.#clock.now();',
    replace: '    const now = this.#clock.now();',
  },
  {
    bug: 'two living streams of one session: the old one is not left',
    file: driver,
    find: '    this.#link?.leave(cancel);\n    this.#link = new Link(this, open).open();',
    replace: '    this.#link = new Link(this, open).open();',
  },
  {
    bug: 'frames are written before the last one was taken',
    file: driver,
    find: 'if (link === undefined || link.writing || link.hasLeft) return false;',
    replace: 'if (link === undefined || link.hasLeft) return false;',
  },
  {
    bug: 'a flag set after the event that it waits for: a write ends before it has begun',
    file: driver,
    find: '    this.writing = true;\n    if (this.#carrier === undefined) this.open();\n    this.#carrier?.write(frame, this.#written);',
    replace:
      '    if (this.#carrier === undefined) this.open();\n    this.#carrier?.write(frame, this.#written);\n    queueMicrotask(() => queueMicrotask(() => (this.writing = true)));',
  },
  {
    bug: 'a timer spins while a write is in flight',
    file: driver,
    find: 'this.#link?.writing === true ? session.deadlineWhileWriting : session.deadline)',
    replace: 'session.deadline)',
  },
  {
    bug: 'where a frame is written no alarm is set',
    file: driver,
    find: '      if (!this.#writeNext()) this.#leave(link);',
    replace: '      if (this.#writeNext()) return;\n      this.#leave(link);',
  },
  {
    bug: 'what is to be said at once waits for something else to happen',
    file: driver,
    find: 'return isSettled(session) && session.controls.isEmpty && session.sender.outbox.drained;',
    replace: 'return isSettled(session) && session.sender.outbox.drained;',
  },
  {
    bug: 'a carrier that is given up is kept until its write ends',
    file: driver,
    find: 'if (link.writing && !givenUp) return;',
    replace: 'if (link.writing) return;',
  },
  {
    bug: 'a peer that does not read holds the stream of a session that is over',
    file: driver,
    find: "if (session.state === 'closed') this.#linger();",
    replace: '',
  },
  {
    bug: 'the timer of a session that is over stays armed',
    file: driver,
    find: 'if (this.#link === undefined) return this.#alarm.cancel();',
    replace: 'if (this.#link === undefined) return;',
  },
  {
    bug: 'the client never dials again',
    file: driver,
    find: 'if (now >= this.#session.redialAt && this.#dial !== undefined) {',
    replace: 'if (now > this.#session.redialAt + 1e9 && this.#dial !== undefined) {',
  },
  {
    bug: 'authentication is skipped on resume',
    file: hosted,
    find: 'session?.belongsTo(principal) && session.tokens.accepts(hello.token)',
    replace: 'session?.belongsTo(principal)',
    foundBy: 'test/integration/resume-fencing.test.ts',
  },
  {
    bug: 'a session goes on with somebody else who has its token',
    file: hosted,
    find: 'session?.belongsTo(principal) && session.tokens.accepts(hello.token)',
    replace: 'session?.tokens.accepts(hello.token)',
    foundBy: 'test/integration/authentication.test.ts',
  },
  {
    bug: 'a lost first Welcome orphans a session',
    file: hosted,
    find: 'if (opened !== undefined && hello !== undefined && opened',
    replace: 'if (opened !== undefined && hello !== undefined && !opened',
  },
  {
    bug: 'a Hello that came late has no refusal',
    file: hosted,
    find: 'reject(carrier, this.#host.clock, Reason.SUPERSEDED);',
    replace: 'return;',
  },
  {
    bug: 'a session that was lost is said to be closed in order',
    file: hosted,
    find: "if (end.kind === 'closed' || isInOrder) this.#tombstones.add(id",
    replace: 'this.#tombstones.add(id',
    foundBy: 'test/integration/resume-refused.test.ts',
  },
  {
    bug: 'a client that missed the end is not told',
    file: hosted,
    find: "if (end.kind === 'closed' || isInOrder) this.#tombstones.add(id, tokens, principal?.id);",
    replace: '',
  },
  {
    bug: 'sessions that are over are kept',
    file: hosted,
    find: '    this.sessions.delete(id);\n',
    replace: '',
  },
  {
    bug: 'the Hello of a lost Welcome is read twice',
    file: reception,
    find: 'else if (this.#desk.opens(arrival, hello)) this.#next?.frame(frame);',
    replace: 'else { this.#desk.opens(arrival, hello); this.#next?.frame(frame); }',
  },
  {
    bug: 'a silent stream is never dropped',
    file: reception,
    find: '    this.#alarm.setAt(clock.now() + timeoutMs);\n',
    replace: '',
  },
  {
    bug: 'a stream that spoke is dropped as silent',
    file: reception,
    find: "    this.#state = 'over';\n    this.#alarm?.cancel();\n",
    replace: '',
  },
  {
    bug: 'a lost Welcome and a rotated token lock the client out',
    file: tokens,
    find: '    this.#newest = digest(token);\n',
    replace: '    this.#newest = digest(token);\n    this.#confirmed = this.#newest;\n',
  },
  {
    bug: 'one more lost Welcome locks the client out: a token that was shown is not confirmed',
    file: tokens,
    find: '    if (isNewest) this.confirm();\n',
    replace: '',
  },
  {
    bug: 'a stolen previous token is accepted',
    file: tokens,
    find: '    this.#confirmed = this.#newest;\n',
    replace: '    this.#confirmed ??= this.#newest;\n',
  },
  {
    bug: 'any token will do',
    file: tokens,
    find: 'return isNewest || isConfirmed;',
    replace: 'return isNewest || isConfirmed || presented.length > 0;',
  },
  {
    bug: 'a stream that was turned away opens a session',
    file: reception,
    find: "if (this.#state === 'silent') this.#receive(frame);",
    replace: 'this.#receive(frame);',
  },
  {
    bug: 'a callback that is held is overtaken by the reply after it',
    file: 'src/calls/incoming/incoming-calls.ts',
    find: "return this.#rules.role === 'client' || this.#channel.sender.hasRoom;",
    replace: 'return this.#channel.sender.hasRoom;',
  },
  {
    bug: 'items of a stream wait behind what waits for that stream',
    file: 'src/session/sending/sender.ts',
    find: 'if (this.#line?.waitsSince(since, until) === true || !this.hasRoom) {',
    replace: 'if (this.#waiting > 0 || !this.hasRoom) {',
  },
  {
    bug: 'the answer to a reused id goes to another call',
    file: 'src/calls/outgoing/outgoing-calls.ts',
    find: 'call.id = ++this.#lastId;',
    replace: 'call.id = this.#lastId = (this.#lastId % 3) + 1;',
  },
  {
    bug: 'an operation that an older service does not know ends the session',
    file: 'src/calls/incoming/incoming-calls.ts',
    find: '    this.#channel.counters.unknownItems += 1;\n    this.#channel.log.unknown(what);',
    replace: "    if (item.number > 0) throw new DuplexError('protocol', what);",
    foundBy: 'test/integration/plain-clients.test.ts',
  },
  {
    bug: 'a deadline is lost: nobody wakes up for it',
    file: 'src/calls/outgoing/pending-calls.ts',
    find: '    this.#alarm.setAt(next);\n',
    replace: '',
  },
  {
    bug: 'the deadlines behind the first one are lost',
    file: 'src/calls/outgoing/pending-calls.ts',
    find: 'if (next < Number.POSITIVE_INFINITY) this.#alarm?.setAt(next);',
    replace: '',
    foundBy: 'test/integration/cancellation.test.ts',
  },
  {
    bug: 'a cancel is lost',
    file: 'src/calls/incoming/incoming-calls.ts',
    find: '    this.#dispatcher.cancel(id, error);\n',
    replace: '',
  },
  {
    bug: 'calls that await an answer hang when the session ends',
    file: 'src/calls/outgoing/pending-calls.ts',
    find: 'this.take(call.id)?.reject(errorFor(call));',
    replace: 'this.take(call.id);',
  },
  {
    bug: 'an unawaited send on a closed session ends the process',
    file: 'src/calls/outgoing/sent.ts',
    find: 'if (!this.#observed) this.#unobserved(error);',
    replace: 'if (!this.#observed) throw error;',
  },
];
