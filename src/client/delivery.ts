import type { SchedulerLike } from 'rxjs';

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
 * between them the newest waits.
 */
export class Delivery {
  #tasks: Task[] = [];
  #isScheduled = false;
  readonly #scheduler: SchedulerLike;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
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
    this.#scheduler.schedule(() => this.#drain());
  }

  #drain(): void {
    this.#isScheduled = false;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const { run } of tasks) run();
  }
}
