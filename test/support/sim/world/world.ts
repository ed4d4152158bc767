import type { Clock, Timer } from '../../../../src/transport/clock.js';

/** What comes first of two things that are due at once: a process that stood still rings its timers, then reads. */
export type Rank = 'timer' | 'io';

interface Planned {
  at: number;
  /** When it was due at first, before a stall put it off. */
  readonly due: number;
  readonly rank: number;
  readonly order: number;
  readonly process: Process | undefined;
  run: (() => void) | undefined;
}

/** More than this in one run is a livelock. */
const MAX_STEPS = 200_000;

/** A process of the simulated world: it may stand still, and it may die. */
export class Process {
  alive = true;
  /** Nothing is delivered to it before this time. */
  stalledUntil = 0;
  readonly name: string;
  /** What its programs take for the time. */
  readonly clock: Clock;

  constructor(name: string, world: World) {
    this.name = name;
    this.clock = {
      now: () => world.now,
      date: () => world.now,
      schedule: (atMs, callback) => world.schedule(this, Math.max(atMs, world.now), 'timer', callback),
    };
  }
}

/** Virtual time, and everything that is going to happen in it, one thing after another. */
export class World {
  now = 0;
  steps = 0;
  #order = 0;
  readonly #heap: Planned[] = [];

  /** Plans something. With a process it waits while that stands still, and does not happen if it is dead. */
  schedule(process: Process | undefined, at: number, rank: Rank, run: () => void): Timer {
    const due = Math.max(at, this.now);
    const planned: Planned = { at: due, due, rank: rank === 'timer' ? 0 : 1, order: this.#order++, process, run };
    push(this.#heap, planned);
    return {
      cancel: () => {
        planned.run = undefined;
      },
    };
  }

  /** How many timers of living processes are armed. */
  get armed(): number {
    return this.#heap.filter(({ process, run, rank }) => run && rank === 0 && process?.alive === true).length;
  }

  /** Lets things happen up to `end`, or until `done`. Throws if that never ends. */
  async run(end: number, done: () => boolean = () => false): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end && !done(); next = this.#heap[0]) {
      pop(this.#heap);
      const { process, run } = next;
      if (run === undefined || process?.alive === false) continue;
      if (process !== undefined && process.stalledUntil > next.at) {
        next.at = process.stalledUntil;
        push(this.#heap, next);
        continue;
      }
      if (++this.steps > MAX_STEPS) throw new Error(`livelock: ${MAX_STEPS} steps and no end`);
      this.now = Math.max(this.now, next.at);
      next.run = undefined;
      run();
      await settle();
    }
    if (!done()) this.now = Math.max(this.now, Number.isFinite(end) ? end : this.now);
  }
}

/** Lets every microtask run that is ready, and those that they make ready. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function before(a: Planned, b: Planned): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.due === b.due ? a.order < b.order : a.due < b.due;
}

function push(heap: Planned[], item: Planned): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(item, heap[parent] as Planned)) break;
    heap[index] = heap[parent] as Planned;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Planned[]): void {
  const item = heap.pop();
  if (item === undefined || heap.length === 0) return;
  let index = 0;
  for (let child = 1; child < heap.length; child = 2 * index + 1) {
    if (child + 1 < heap.length && before(heap[child + 1] as Planned, heap[child] as Planned)) child += 1;
    if (!before(heap[child] as Planned, item)) break;
    heap[index] = heap[child] as Planned;
    index = child;
  }
  heap[index] = item;
}
