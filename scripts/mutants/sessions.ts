import type { Mutant } from './mutant.js';

const session = 'src/session/session.ts';
const resumption = 'src/session/resumption.ts';
const closing = 'src/session/closing.ts';
const liveness = 'src/session/liveness.ts';

/** Opening, resuming, liveness, closing. */
export const sessionMutants: readonly Mutant[] = [
  {
    bug: 'resuming with zero messages fails',
    file: resumption,
    find: 'marks.first <= received + 1 &&',
    replace: 'marks.first <= received &&',
  },
  {
    bug: 'recovery works once only',
    file: resumption,
    find: '    this.attempt += 1;\n',
    replace: '    this.attempt = Math.min(2, this.attempt + 1);\n',
  },
  {
    bug: 'recovery in one direction only: the client does not look where the service stands',
    file: session,
    find: 'if (resumes && !this.#resumption.matches(welcome.marks))',
    replace: 'if (resumes && welcome.marks === undefined)',
  },
  {
    bug: 'a delayed Hello fences the living stream',
    file: resumption,
    find: 'return attempt > this.attempt;',
    replace: 'return attempt > 0;',
  },
  {
    bug: 'a Hello for a session that is being let in is refused',
    file: session,
    find: "    if (this.#state === 'opening') {\n      // The client dialled again",
    replace:
      "    if (this.#state === 'opening') return false;\n    if (this.#state === 'opening') {\n      // The client dialled again",
  },
  {
    bug: 'the old time-out of a resume kills the session later',
    file: session,
    find: '    this.#resumeBy = NEVER;\n    this.#resumption.succeeded();',
    replace: '    this.#resumption.succeeded();',
  },
  {
    bug: 'a session whose connection broke is kept for ever',
    file: session,
    find: 'this.#resumeBy = now + this.#resumption.ttlMs;',
    replace: 'this.#resumeBy = NEVER;',
  },
  {
    bug: 'the client does not confirm a Welcome at once',
    file: session,
    find: "if (this.#level === 'session' && this.controls.isEmpty && this.#outbox.drained) this.controls.ack();",
    replace: '',
  },
  {
    bug: 'a session that is older than its resume window cannot be resumed',
    file: session,
    find: 'return this.#resumption.ttlMs > 0;',
    replace: 'return this.#resumption.ttlMs > now;',
  },
  {
    bug: 'a stream that breaks after the promise counts as a half-close',
    file: session,
    find: 'else if (!this.#closing.isComplete)',
    replace: "else if (role === 'client' || !this.#closing.promised)",
  },
  {
    bug: 'a reconnect storm: attempts are not spaced',
    file: 'src/session/backoff.ts',
    find: 'return this.#random() * bound;',
    replace: 'return 0 * bound;',
  },
  {
    bug: 'a violation ends only the stream, and is replayed for ever',
    file: session,
    find: 'this.#fail(asViolation(error));',
    replace: "this.carrierLost(new DuplexError('lost', asViolation(error).message), now);",
  },
  {
    bug: 'a half-open connection is never noticed',
    file: liveness,
    find: "return 'dead';",
    replace: "return 'alive';",
  },
  {
    bug: 'a connection that dies in the handshake of a resume is never noticed',
    file: session,
    find: " || (this.#state === 'resuming' && this.#resumption.redialAt === NEVER)",
    replace: '',
  },
  {
    bug: 'false death after one’s own stall',
    file: liveness,
    find: 'this.#probedAt === undefined || late >= STALL_MS',
    replace: 'this.#probedAt === undefined',
  },
  {
    bug: 'false death: what arrives is no sign of life',
    file: session,
    find: '    this.#liveness.heard(now);\n    try {',
    replace: '    try {',
  },
  {
    bug: 'a ping is not answered',
    file: 'src/session/controls.ts',
    find: "return this.push({ $case: 'pong', value: message.value });",
    replace: 'return;',
  },
  {
    bug: 'a timer fires on a session that is over',
    file: session,
    find: "  tick(now: number): void {\n    if (this.#state === 'closed') return;",
    replace: '  tick(now: number): void {',
  },
  {
    bug: 'a carrier that breaks after the end wakes the session up',
    file: session,
    find: "  carrierLost(error: DuplexError, now: number): void {\n    if (this.#state === 'closed') return;",
    replace: '  carrierLost(error: DuplexError, now: number): void {',
  },
  {
    bug: 'graceful drain loses the tail: Goodbye goes before what waits',
    file: closing,
    find: "return drained && (this.#role === 'client' || this.#hasFinished) ? 'promise' : undefined;",
    replace: "return this.#role === 'client' || this.#hasFinished ? 'promise' : undefined;",
  },
  {
    bug: 'the service promises before it has received everything',
    file: closing,
    find: 'this.#peerLastSeq !== undefined && this.#receipts.received >= this.#peerLastSeq && this.#isQuiet',
    replace: 'this.#peerLastSeq !== undefined && this.#isQuiet',
  },
  {
    bug: 'the service promises while operations run',
    file: closing,
    find: 'this.#receipts.received >= this.#peerLastSeq && this.#isQuiet',
    replace: 'this.#receipts.received >= this.#peerLastSeq',
  },
  {
    bug: 'half-close races the last frames',
    file: closing,
    find: '    if (!this.isComplete) return undefined;\n',
    replace: '',
  },
  {
    bug: 'half-close goes before the last acknowledgement',
    file: closing,
    find: "return this.#receipts.owes ? 'acknowledge' : 'half-close';",
    replace: "return 'half-close';",
  },
  {
    bug: 'a Goodbye that was lost is not repeated',
    file: session,
    find: 'if (this.#closing.isSaid) this',
    replace: 'if (now < 0) this',
  },
  {
    bug: 'a client that was sent away comes back because the host stops at the same time',
    file: closing,
    find: 'if (this.end?.goingAway) this.end = { ...this.end, goingAway: false };',
    replace: '',
  },
  {
    bug: 'closing before the session is open loses what was sent',
    file: session,
    find: "if (this.#options.role === 'client' && this.#openBy !== NEVER) this.#closeOnceOpen = message;\n    else if",
    replace: 'if',
  },
  {
    bug: 'a session that was complete ends with a time-out',
    file: session,
    find: 'else if (now >= this.#closeBy && this.#closing.isComplete) this.#finish(this.#closing.end as SessionEnd, cancel);',
    replace: '',
  },
  {
    bug: 'an end that is not in order says nothing of what is unknown',
    file: session,
    find: "const isCertain = end.kind === 'closed' && end.code === Code.OK;",
    replace: "const isCertain = end.kind === 'closed' || end.kind === 'aborted' || end.kind === 'lost';",
  },
  {
    bug: 'an old client and a new service do not notice each other’s version',
    file: 'src/session/handshake.ts',
    find: 'if (hello.minVersion > PROTOCOL_VERSION ||',
    replace: 'if (hello.minVersion > PROTOCOL_VERSION + 1e9 ||',
  },
  {
    bug: 'whoever asks for life and never reads fills memory with answers',
    file: 'src/session/controls.ts',
    find: 'if (lastCounts.has($case))',
    replace: "if ($case === 'hello')",
  },
  {
    bug: 'a Hello does not wait for its credentials',
    file: 'src/session/controls.ts',
    find: 'if (showsCredentials) this.#listener.credentialsWanted();\n    else this.show();',
    replace: 'if (showsCredentials) this.#listener.credentialsWanted();\n    this.show();',
  },
  {
    bug: "somebody else's credentials are taken in a living session",
    file: 'src/server/security/renewal.ts',
    find: '} else if (this.#owner.belongsTo(verdict)) {',
    replace: '} else if (this.#owner !== undefined) {',
    foundBy: 'test/integration/credentials.test.ts',
  },
];
