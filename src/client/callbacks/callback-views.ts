import type { MethodInfo } from '../../contract/contract.js';
import { type CallbackView, resolveViewOptions, ViewBuffer, type ViewOptions } from './callback-view.js';

/** Takes a callback; what it returns, if anything, resolves when there is room for it. */
type Sink = (request: unknown) => Promise<void> | undefined;

/** A callback and what it brought. */
interface Came {
  readonly method: MethodInfo;
  readonly request: unknown;
}

/** Hands callbacks to the loops that run over them. */
export class CallbackViews {
  readonly #sinks = new Map<MethodInfo, Set<Sink>>();
  readonly #buffers = new Set<Pick<ViewBuffer<unknown>, 'release' | 'hold' | 'end'>>();
  #isOver = false;
  readonly #claim: (methods: readonly MethodInfo[]) => readonly Came[];

  /** `claim` gives a loop that begins what was held for it. */
  constructor(claim: (methods: readonly MethodInfo[]) => readonly Came[]) {
    this.#claim = claim;
  }

  /** A view of some callbacks, as `itemOf` shows them; `onIterate` runs with each loop, before anything else. */
  make<Item>(
    methods: readonly MethodInfo[],
    options: ViewOptions,
    onIterate: () => void,
    itemOf: (came: Came) => Item,
  ): CallbackView<Item> {
    const resolved = resolveViewOptions(options);
    let dropped = 0;
    return {
      get dropped() {
        return dropped;
      },
      [Symbol.asyncIterator]: () => {
        onIterate();
        return this.#begin(methods, itemOf, (leave) => new ViewBuffer<Item>(resolved, () => (dropped += 1), leave));
      },
    };
  }

  /** Whether a loop runs over a callback. */
  have(method: MethodInfo): boolean {
    return this.#sinks.size > 0 && this.#sinks.has(method);
  }

  /** Hands on a callback. What it returns, if anything, resolves when every loop has room for it. */
  push({ method, request }: Came): Promise<unknown> | undefined {
    const sinks = this.#sinks.get(method);
    if (sinks === undefined) return undefined;
    const waits = [...sinks].map((take) => take(request)).filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** The session is closing: a loop that is slow, or that itself closes it, must not be waited for. */
  release(): void {
    for (const buffer of this.#buffers) buffer.release();
  }

  /** Another session follows, in which slow loops are waited for again. */
  hold(): void {
    for (const buffer of this.#buffers) buffer.hold();
  }

  /** Nothing more comes. */
  end(): void {
    this.#isOver = true;
    for (const buffer of this.#buffers) buffer.end();
  }

  #begin<Item>(
    methods: readonly MethodInfo[],
    itemOf: (came: Came) => Item,
    makeBuffer: (leave: () => void) => ViewBuffer<Item>,
  ): ViewBuffer<Item> {
    const sinks = methods.map((method): readonly [MethodInfo, Sink] => [
      method,
      (request) => buffer.push(itemOf({ method, request })),
    ]);
    const buffer = makeBuffer(() => {
      this.#buffers.delete(buffer);
      for (const [method, sink] of sinks) this.#remove(method, sink);
    });
    for (const held of this.#claim(methods)) void buffer.push(itemOf(held));
    if (this.#isOver) buffer.end();
    else {
      this.#buffers.add(buffer);
      for (const [method, sink] of sinks) this.#sinks.set(method, (this.#sinks.get(method) ?? new Set()).add(sink));
    }
    return buffer;
  }

  #remove(method: MethodInfo, sink: Sink): void {
    const sinks = this.#sinks.get(method);
    sinks?.delete(sink);
    if (sinks?.size === 0) this.#sinks.delete(method);
  }
}
