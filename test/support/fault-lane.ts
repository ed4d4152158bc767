import type { Socket } from 'node:net';
import { fairWeather, type Weather } from './faults.js';
import { reset } from './reset.js';

/** So many bytes wait in a lane before it stops to read; a held lane takes them all, as a void does. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** A slow lane passes a piece this often, so that it is slow and does not jerk. */
const PIECES_PER_SECOND = 50;

/**
 * One direction of a proxied connection: the bytes from one socket to the
 * other, and behind them the news that the first one is closed. What is held
 * or late is never lost, because TCP sends again until the connection breaks.
 */
export class Lane {
  #weather = fairWeather;
  #abandoned = false;
  #corruptNext = false;
  #queue: { bytes: Buffer; readonly dueAt: number }[] = [];
  #queuedBytes = 0;
  /** When a slow lane may pass its next piece. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The source has closed in order; the target is told after the last byte. */
  #ended = false;
  /** The source is gone. */
  #reset = false;
  #targetReset = false;
  readonly #from: Socket;
  readonly #to: Socket;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes) => this.#take(bytes));
    from.on('end', () => {
      this.#ended = true;
      this.#pump();
    });
    from.on('close', (hadError) => {
      if (hadError || !this.#ended) this.#reset = true;
      this.#pump();
    });
    to.on('drain', () => this.#pump());
  }

  set weather(weather: Weather) {
    if (this.#abandoned) return;
    this.#weather = weather;
    this.#pump();
  }

  /** Nothing arrives any more, whatever the weather. */
  abandon(): void {
    this.weather = { ...fairWeather, held: true };
    this.#abandoned = true;
  }

  /** One bit of what comes next is changed. */
  corrupt(): void {
    this.#corruptNext = true;
  }

  #take(bytes: Buffer): void {
    if (this.#corruptNext) {
      this.#corruptNext = false;
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] as number) ^ 1;
    }
    this.#queue.push({ bytes, dueAt: performance.now() + this.#weather.delayMs });
    this.#queuedBytes += bytes.length;
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#weather.held) return void this.#from.resume();
    if (this.#reset) return this.#resetTarget();
    if (!this.#weather.stalled) this.#pass();
    if (this.#weather.stalled || this.#queuedBytes > MAX_QUEUED_BYTES) this.#from.pause();
    else this.#from.resume();
  }

  /** Once: a socket that goes on its way out listens for its end each time that it is sent away. */
  #resetTarget(): void {
    if (this.#targetReset) return;
    this.#targetReset = true;
    reset(this.#to);
  }

  #pass(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const now = performance.now();
      const waitMs = Math.max(head.dueAt, this.#freeAt) - now;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      const { bytesPerSecond } = this.#weather;
      const piece = head.bytes.subarray(0, Math.ceil(bytesPerSecond / PIECES_PER_SECOND));
      this.#freeAt = now + (piece.length / bytesPerSecond) * 1_000;
      if (piece.length === head.bytes.length) this.#queue.shift();
      else head.bytes = head.bytes.subarray(piece.length);
      this.#queuedBytes -= piece.length;
      // What is full goes on at its `drain`.
      if (!this.#to.write(piece)) return;
    }
    if (this.#ended) this.#to.end();
  }
}
