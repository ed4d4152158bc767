import { hash, timingSafeEqual } from 'node:crypto';
import { randomBytes } from '../../transport/random-bytes.js';

const TOKEN_BYTES = 32;

/**
 * The secrets by which a client shows that a session is its own. Only hashes
 * are kept. Every Welcome carries a new token; valid are that one and the last
 * that the client is known to have, for a Welcome may be lost on its way.
 */
export class ResumeTokens {
  // As texts: a Buffer of its own for each takes five times the memory.
  #confirmed: string | undefined;
  #newest: string | undefined;

  /** Makes the token for the next Welcome: 32 bytes, told to nobody else. */
  issue(): Uint8Array {
    const token = randomBytes(TOKEN_BYTES);
    this.#newest = digest(token);
    return token;
  }

  /** The client has the newest token: from now on no other is valid. */
  confirm(): void {
    this.#confirmed = this.#newest;
  }

  /**
   * Whether `token` is one of the valid two. Takes the same time for every
   * wrong one. A client that shows the newest has it: that confirms it as well.
   */
  accepts(token: Uint8Array): boolean {
    const presented = bytesOf(digest(token));
    const isNewest = matches(presented, this.#newest);
    const isConfirmed = matches(presented, this.#confirmed);
    if (isNewest) this.confirm();
    return isNewest || isConfirmed;
  }
}

function matches(presented: Buffer, kept: string | undefined): boolean {
  return kept !== undefined && timingSafeEqual(presented, bytesOf(kept));
}

function digest(token: Uint8Array): string {
  return hash('sha256', token, 'binary');
}

function bytesOf(kept: string): Buffer {
  return Buffer.from(kept, 'latin1');
}
