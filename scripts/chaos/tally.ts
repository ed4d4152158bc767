import type { Fault } from '../../test/support/faults.js';
import type { Fleet, Weights } from './fleet.js';
import type { KernelTimes } from './kernel.js';
import type { Arrivals } from './offline.js';
import { detectionBoundMs, MAX_GROWTH_BYTES, resumeWindowMs } from './settings.js';

/** Milliseconds from the death of a link until each side noticed it. */
export interface HalfOpenTimes {
  readonly client: number;
  readonly service: number;
  /** The client of a session under load over the same link. */
  readonly busyClient: number;
}

/** What a campaign did, and how long the other side took to notice. */
export class Tally {
  flaps = 0;
  stops = 0;
  /** Stops of the client until the service had given its sessions up. */
  oversleeps = 0;
  /** Sessions that had to resume though nothing but a short stop had happened. */
  needless = 0;
  readonly halfOpen: HalfOpenTimes[] = [];
  /** The same for links that died in the kernel, or why none did. */
  kernel: readonly KernelTimes[] | string = [];
  /** Until the service had ended the last session of a killed client. */
  readonly clientKills: number[] = [];
  /** Until the last client knew that its session died with the service. */
  readonly serviceKills: number[] = [];
  /** The heaps after each round. */
  readonly weights: Weights[] = [];
  readonly #kinds = new Map<Fault['kind'], number>();

  flap(kind: Fault['kind']): void {
    this.flaps += 1;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /** What took longer than it may. */
  get overdue(): readonly string[] {
    const killBoundMs = resumeWindowMs + detectionBoundMs;
    const late = [
      ...this.halfOpen.flatMap(({ client, service, busyClient }, index) =>
        Object.entries({ client, service, 'busy client': busyClient })
          .filter(([, ms]) => ms > detectionBoundMs)
          .map(([who, ms]) => `half-open link ${index}: the ${who} noticed after ${ms} ms`),
      ),
      ...(typeof this.kernel === 'string' ? [] : this.kernel)
        .flatMap((times) => Object.entries(times))
        .filter(([, ms]) => ms > detectionBoundMs)
        .map(([who, ms]) => `a link that died in the kernel: the ${who} noticed after ${ms} ms`),
      ...this.clientKills
        .filter((ms) => ms > killBoundMs)
        .map((ms) => `a killed client's sessions ended after ${ms} ms`),
    ];
    return [
      ...late,
      ...this.#growths
        .filter(({ bytes }) => bytes > MAX_GROWTH_BYTES)
        .map(({ who, text }) => `the heap of the ${who} grew: ${text}`),
    ];
  }

  /** Between half-time and the end: what the first half leaves behind may be there to stay, as compiled code is. */
  get #growths(): readonly { readonly who: string; readonly bytes: number; readonly text: string }[] {
    const { weights } = this;
    const [first, half, last] = [weights[0], weights[weights.length >> 1], weights.at(-1)];
    if (first === undefined || half === undefined || last === undefined) return [];
    return (['client', 'service'] as const).map((who) => ({
      who,
      bytes: last[who] - half[who],
      text: `${mebibytes(first[who])} → ${mebibytes(half[who])} → ${mebibytes(last[who])} MiB`,
    }));
  }

  get #kernelLine(): string {
    if (typeof this.kernel === 'string') return `none: ${this.kernel}`;
    const [client, service] = (['client', 'service'] as const).map((who) =>
      range((this.kernel as readonly KernelTimes[]).map((times) => times[who])),
    );
    return `${this.kernel.length}, noticed by the client after ${client}, by the service after ${service}; bound ${detectionBoundMs} ms`;
  }

  /** The summary, line by line. */
  lines(fleet: Fleet, { note, echo, ask, noted, confirm, state }: Arrivals): readonly string[] {
    const kinds = [...this.#kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
    const resumes = fleet.lanes.reduce((total, lane) => total + lane.resumes, 0);
    const halfOpenTimes = (['client', 'service', 'busyClient'] as const).map((who) =>
      range(this.halfOpen.map((times) => times[who])),
    );
    return [
      `flaps             ${this.flaps} (${kinds})`,
      `resumes           ${resumes} in ${fleet.lanes.length} lanes, every second one over TLS`,
      `client → service  ${note} one-way, ${echo + ask} requests`,
      `service → client  ${noted} one-way, ${confirm} requests, ${state} states`,
      `half-open         ${this.halfOpen.length}, noticed by the client after ${halfOpenTimes[0]}, by the service after ${halfOpenTimes[1]}, under load after ${halfOpenTimes[2]}; bound ${detectionBoundMs} ms`,
      `half-open, kernel ${this.#kernelLine}`,
      `heaps             ${this.#growths.map(({ who, text }) => `${who} ${text}`).join(', ')}`,
      `stops             ${this.stops}, after short ones ${this.needless} needless resumes; ${this.oversleeps} beyond the resume window`,
      `client killed     ${this.clientKills.length}, sessions ended after ${range(this.clientKills)}; bound ${resumeWindowMs + detectionBoundMs} ms`,
      `service killed    ${this.serviceKills.length}, loss known to the clients after ${range(this.serviceKills)}`,
    ];
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function range(times: readonly number[]): string {
  if (times.length === 0) return '–';
  return `${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))} ms`;
}
