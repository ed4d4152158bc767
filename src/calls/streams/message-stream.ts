import type { Subscriber, TeardownLogic } from 'rxjs';
import { Observable } from '../rx.js';

/**
 * A stream of messages of the peer: an observable, which gives each message as
 * soon as it comes, and an async iterable, which asks for one after another.
 * A slow `for await` slows the sender down: at most a window of 256 messages
 * waits here.
 */
export interface MessageStream<Message> extends Observable<Message>, AsyncIterable<Message> {}

/** A {@link MessageStream} made of the two ways to take it. */
export class IterableObservable<Message> extends Observable<Message> implements MessageStream<Message> {
  readonly #iterate: () => AsyncIterator<Message>;

  constructor(subscribe: (subscriber: Subscriber<Message>) => TeardownLogic, iterate: () => AsyncIterator<Message>) {
    super(subscribe);
    this.#iterate = iterate;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.#iterate();
  }
}
