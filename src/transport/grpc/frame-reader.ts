import type { CarrierListener } from '../carrier.js';

/** The part of a grpc-js call that brings its messages: each of them has to be asked for. */
interface MessageSource {
  startRead(): void;
}

/** Who gets the frames. */
type FrameListener = Pick<CarrierListener, 'frame'>;

/**
 * Reads a call frame by frame: the next is asked for when the last has been
 * dealt with, unless reading is paused. That is the flow control: what nobody
 * asks for stays in the windows of HTTP/2.
 */
export class FrameReader {
  #paused = false;
  /** A frame has been asked for and has not come. */
  #awaited = false;
  #asking = false;
  #listener: FrameListener;
  readonly #source: MessageSource;

  constructor(source: MessageSource, listener: FrameListener) {
    this.#source = source;
    this.#listener = listener;
  }

  handTo(listener: FrameListener): void {
    this.#listener = listener;
  }

  /** Asks for the next frame. */
  ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    // A loop, for a frame that grpc-js has already comes within `startRead`: many short ones would be a deep stack.
    while (!this.#awaited && !this.#paused) {
      this.#awaited = true;
      this.#source.startRead();
    }
    this.#asking = false;
  }

  /** A frame has come. */
  take(frame: Buffer): void {
    this.#awaited = false;
    this.#listener.frame(frame);
    this.ask();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    // Who resumes may not be ready yet for what comes.
    queueMicrotask(() => this.ask());
  }
}
