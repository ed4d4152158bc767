import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/**
 * The secrets by which a client shows that a session is its own. Only hashes
 * are kept. Every Welcome carries a new token; valid are that one and the last
 * that the client is known to have, for a Welcome may be lost on its way.
 */
export class ResumeTokens {
  #confirmed: Buffer | undefined;
  #newest: Buffer | undefined;

  /** Makes the token for the next Welcome: 32 bytes, told to nobody else. */
  issue(): Uint8Array {
    const token = randomBytes(TOKEN_BYTES);
    this.#newest = hash(token);
    return new Uint8Array(token);
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
    const presented = hash(token);
    const isNewest = this.#newest !== undefined && timingSafeEqual(presented, this.#newest);
    const isConfirmed = this.#confirmed !== undefined && timingSafeEqual(presented, this.#confirmed);
    if (isNewest) this.confirm();
    return isNewest || isConfirmed;
  }
}

function hash(token: Uint8Array): Buffer {
  return createHash('sha256').update(token).digest();
}
