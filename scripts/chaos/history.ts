import { openSync, writeSync } from 'node:fs';

/** The messages of a session, one kind a stream: each stream has its own ids, from 1 on. */
export type Stream = 'note' | 'noted' | 'echo' | 'ask' | 'confirm';

/**
 * What one process did, as it did it. Each line reaches the kernel before the
 * process goes on, so a kill loses none. Written before a send and after a
 * receipt: what was received anywhere must have been sent somewhere.
 */
export class History {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  sent(run: string, stream: Stream, id: number): void {
    this.#write(run, 'sent', stream, id);
  }

  received(run: string, stream: Stream, id: number): void {
    this.#write(run, 'received', stream, id);
  }

  /** The reply to a call came. */
  answered(run: string, stream: Stream, id: number): void {
    this.#write(run, 'answered', stream, id);
  }

  /** A call failed; `executed` is what its error says about the peer. */
  failed(run: string, stream: Stream, id: number, executed: string): void {
    this.#write(run, 'failed', stream, id, executed);
  }

  state(run: string, counter: number, fold: string): void {
    this.#write(run, 'state', counter, fold);
  }

  ended(run: string, kind: string, unknownItems: number): void {
    this.#write(run, 'ended', kind, unknownItems);
  }

  #write(...words: readonly (string | number)[]): void {
    writeSync(this.#file, `${words.join(' ')}\n`);
  }
}
