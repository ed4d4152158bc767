import type { SchedulerLike } from 'rxjs';
import { DuplexError, textOf } from '../errors.js';

interface Task {
  readonly run: () => void;
  /** Whether a later one of its kind makes it needless. */
  readonly isSnapshot: boolean;
}

/**
 * Brings what comes for the application to it, in order, in tasks of its
 * scheduler: all that is there when the scheduler comes to it. What waits here
 * is bounded by whoever sends: a callback counts as running until it is
 * delivered, an answer belongs to a call, and of snapshots without anything
 * between them the newest waits. A scheduler that fails delays nothing: what it
 * did not take is delivered after the turn.
 */
export class Delivery {
  #tasks: Task[] = [];
  #isScheduled = false;
  #hasFailed = false;
  readonly #scheduler: SchedulerLike;
  readonly #report: (error: DuplexError) => void;

  /** `report` is told once of a scheduler that fails. */
  constructor(scheduler: SchedulerLike, report: (error: DuplexError) => void) {
    this.#scheduler = scheduler;
    this.#report = report;
  }

  /** Runs `run` when it is its turn. */
  readonly deliver = (run: () => void): void => this.#add({ run, isSnapshot: false });

  /** The same for what replaces a snapshot that is the last to wait. */
  readonly deliverNewest = (run: () => void): void => {
    if (this.#tasks.at(-1)?.isSnapshot) this.#tasks.pop();
    this.#add({ run, isSnapshot: true });
  };

  #add(task: Task): void {
    this.#tasks.push(task);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    try {
      this.#scheduler.schedule(() => this.#drain());
    } catch (error) {
      queueMicrotask(() => this.#drain());
      this.#failed(error);
    }
  }

  #failed(thrown: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const text = `scheduler failed: ${textOf(thrown)}; what comes for the application is delivered without it`;
    this.#report(new DuplexError('fault', text, { cause: thrown }));
  }

  #drain(): void {
    this.#isScheduled = false;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const { run } of tasks) run();
  }
}
