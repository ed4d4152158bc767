/** Fewer items are not worth frames of their own; of more the next are coming. */
const MIN_SHARED = 32;
const MAX_SHARED = 512;
/** Into so many frames goes what is on its way to and fro. */
const SHARES = 4;
/** Fewer items than these are not left behind for another frame. */
const MIN_REST = 16;
/** Frames after which it is judged whether cutting them is worth it, and frames until it is tried again. */
const JUDGED = 64;
const RESTED = 512;

/**
 * How many items go into a frame where many callers await their answers. In
 * one frame all calls would go to and fro together, so that client and service
 * work in turn; in four, each side gets the next ones while it handles one.
 * With 128 calls in flight on two cores that is a quarter more calls a second
 * than with two frames, and two frames are a third more than one.
 *
 * Once cut they stay apart as long as the sides work at the same time. Where
 * these share a core they run together again at once: to go on cutting would
 * cost 40 % there. So when more than half of the frames are to be cut, this
 * rests for a while, and cuts only in two, and only for a peer that waits.
 */
export class Shares {
  #frames = 0;
  #cuts = 0;
  #rests = false;

  /** How many of `waiting` items the next frame takes while the peer does not hold `underway` others yet. */
  next(waiting: number, underway: number): number {
    if (waiting < MIN_SHARED || waiting > MAX_SHARED) return waiting;
    const share = Math.ceil((waiting + underway) / SHARES);
    const isCut = waiting - share >= MIN_REST;
    const rests = this.#rests;
    this.#judge(isCut);
    if (!rests) return isCut ? share : waiting;
    return underway === 0 ? waiting >> 1 : waiting;
  }

  #judge(isCut: boolean): void {
    this.#frames += 1;
    if (isCut) this.#cuts += 1;
    if (this.#frames < (this.#rests ? RESTED : JUDGED)) return;
    this.#rests = !this.#rests && 2 * this.#cuts > this.#frames;
    this.#frames = 0;
    this.#cuts = 0;
  }
}
