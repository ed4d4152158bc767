import type { CarrierListener } from '../carrier.js';

/** The part of a grpc-js call that brings its messages: each of them has to be asked for. */
interface MessageSource {
  startRead(): void;
}

/** Who gets the frames. */
type FrameListener = Pick<CarrierListener, 'frame'>;

/**
 * Reads a call frame by frame: the next is asked for when the last has been
 * dealt with, unless reading is paused. That is the flow control: of what nobody
 * asks for grpc-js reads no more than one piece of HTTP/2.
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

  /** What comes from now on goes to another listener. */
  handTo(listener: FrameListener): void {
    this.#listener = listener;
  }

  /** Asks for the next frame. */
  ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    // A loop, for a frame that grpc-js has already comes within `startRead`: many short ones would be a deep stack.
    try {
      while (!this.#awaited && !this.#paused) {
        this.#awaited = true;
        this.#source.startRead();
      }
    } finally {
      this.#asking = false;
    }
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
    // Whoever resumes may first have to say who the listener is.
    queueMicrotask(() => this.ask());
  }
}
