import type { Call } from '../../calls/incoming/call.js';
import { Observable } from '../../calls/rx.js';
import { FanOut } from '../../calls/streams/fan-out.js';
import type { MethodInfo } from '../../contract/contract.js';
import { Code, DuplexError } from '../../errors.js';
import type { CallbackView, ViewOptions } from './callback-view.js';
import { CallbackViews } from './callback-views.js';

/** So many of each callback are held until somebody first claims it. */
const MAX_HELD = 256;

interface HeldCallback {
  readonly method: MethodInfo;
  readonly request: unknown;
  readonly call: Call;
}

/** A callback as `callback$` tells it. */
export interface NamedCallback {
  readonly name: string;
  readonly request: unknown;
}

/** Who wants to hear of one callback. */
class Audience {
  readonly observers = new FanOut<unknown>();
  /** Whether anybody ever wanted it: from then on it is hot. */
  isClaimed = false;
  /** Whether it was told that some had to be dropped. */
  isOverflown = false;
}

/**
 * Hands the service's callbacks to observables and loops. What nobody claims
 * yet is held, so that nothing is lost before the first subscriber; after that
 * the observables are hot.
 */
export class CallbackHub {
  readonly #audiences: ReadonlyMap<MethodInfo, Audience>;
  readonly #merged = new FanOut<NamedCallback>();
  readonly #views = new CallbackViews((methods) => this.claim(methods));
  #held: HeldCallback[] = [];
  /** Callbacks that were dropped because nobody claimed them. */
  dropped = 0;
  /** How many callbacks are being told: a subscriber may cause the end meanwhile. */
  #telling = 0;
  #isOver = false;
  readonly #methods: readonly MethodInfo[];
  readonly #onOverflow: (error: DuplexError, method: MethodInfo) => void;

  /** `onOverflow` is told once for each callback that has to be dropped unclaimed. */
  constructor(methods: readonly MethodInfo[], onOverflow: (error: DuplexError, method: MethodInfo) => void) {
    this.#methods = methods;
    this.#audiences = new Map(methods.map((method) => [method, new Audience()]));
    this.#onOverflow = onOverflow;
  }

  /** Passes a callback on, or holds it. What it returns, if anything, resolves when every loop has room for it. */
  next(method: MethodInfo, request: unknown, call: Call): Promise<unknown> | undefined {
    if (this.#audienceOf(method).isClaimed) return this.watch(method, request);
    this.#hold({ method, request, call });
    return undefined;
  }

  /** Tells observables of a callback, if nobody but they wants it and nothing has to wait for it; false if not. */
  tell(method: MethodInfo, request: unknown): boolean {
    const audience = this.#audienceOf(method);
    if (!audience.isClaimed || this.#views.have(method)) return false;
    this.#telling += 1;
    this.#observe(audience, method, request);
    this.#told();
    return true;
  }

  /** Lets observables and loops see a callback that somebody else answers; it is never held. */
  watch(method: MethodInfo, request: unknown): Promise<unknown> | undefined {
    this.#telling += 1;
    this.#observe(this.#audienceOf(method), method, request);
    const room = this.#views.push({ method, request });
    this.#told();
    return room;
  }

  #observe({ observers }: Audience, method: MethodInfo, request: unknown): void {
    observers.next(request);
    if (this.#merged.isObserved) this.#merged.next({ name: method.localName, request });
  }

  #audienceOf(method: MethodInfo): Audience {
    return this.#audiences.get(method) as Audience;
  }

  #told(): void {
    this.#telling -= 1;
    if (this.#isOver) this.complete();
  }

  /** The observable of one callback; `onSubscribe` runs with each subscription, before anything else. */
  observe(method: MethodInfo, onSubscribe: () => void): Observable<unknown> {
    const { observers } = this.#audienceOf(method);
    return new Observable((subscriber) => {
      onSubscribe();
      this.#deliver([method], subscriber, ({ request }) => subscriber.next(request));
      return observers.add(subscriber);
    });
  }

  /** The observable of all callbacks in order. Subscribing claims every one. */
  observeAll(onSubscribe: () => void): Observable<NamedCallback> {
    return new Observable((subscriber) => {
      onSubscribe();
      this.#deliver(this.#methods, subscriber, ({ method, request }) =>
        subscriber.next({ name: method.localName, request }),
      );
      return this.#merged.add(subscriber);
    });
  }

  /** One callback for loops; `onIterate` runs with each loop, before anything else. */
  view(method: MethodInfo, options: ViewOptions, onIterate: () => void): CallbackView<unknown> {
    return this.#views.make([method], options, onIterate, ({ request }) => request);
  }

  /** All callbacks for loops, in order. A loop claims every one. */
  viewAll(options: ViewOptions, onIterate: () => void): CallbackView<NamedCallback> {
    return this.#views.make(this.#methods, options, onIterate, ({ method: { localName: name }, request }) => ({
      name,
      request,
    }));
  }

  /** Takes over callbacks: returns what was held of them, in order; from now on they are hot. */
  claim(methods: readonly MethodInfo[]): readonly HeldCallback[] {
    const claimed = this.#held.filter(({ method }) => methods.includes(method));
    if (claimed.length > 0) this.#held = this.#held.filter(({ method }) => !methods.includes(method));
    for (const method of methods) this.#audienceOf(method).isClaimed = true;
    return claimed;
  }

  /** Hands over what was held, as long as the subscriber wants it; the rest is held for the next one. */
  #deliver(
    methods: readonly MethodInfo[],
    subscriber: { readonly closed: boolean },
    next: (held: HeldCallback) => void,
  ): void {
    const held = this.claim(methods);
    let delivered = 0;
    while (delivered < held.length && !subscriber.closed) next(held[delivered++] as HeldCallback);
    this.#held = [...held.slice(delivered), ...this.#held];
  }

  /** The session is closing: no loop has to be waited for any more. */
  release(): void {
    this.#views.release();
  }

  /** Another session follows the one that closed. */
  hold(): void {
    this.#views.hold();
  }

  /** Completes every observable and loop; what is still held is delivered to who comes for it. */
  complete(): void {
    this.#isOver = true;
    // What is being told has to reach everybody first.
    if (this.#telling > 0) return;
    for (const { observers } of this.#audiences.values()) observers.complete();
    this.#merged.complete();
    this.#views.end();
  }

  #hold(callback: HeldCallback): void {
    const { method } = callback;
    this.#held.push(callback);
    if (this.#held.length <= MAX_HELD) return;
    if (this.#held.filter((held) => held.method === method).length <= MAX_HELD) return;
    // The oldest goes, so that what is held joins what comes after it without a gap.
    this.#held.splice(
      this.#held.findIndex((held) => held.method === method),
      1,
    );
    this.dropped += 1;
    const audience = this.#audienceOf(method);
    if (audience.isOverflown) return;
    audience.isOverflown = true;
    const message = `nobody claimed the callback ${method.localName}: more than ${MAX_HELD} came, the oldest are dropped; subscribe to ${method.localName}$ or give a handler`;
    this.#onOverflow(new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED }), method);
  }
}
