import { setTimeout as sleep } from 'node:timers/promises';
import { bothWays, type Directions, drawFault, type Fault, seededRandom, usualMix } from '../../test/support/faults.js';
import type { EndView, Fleet, LaneView } from './fleet.js';
import { type ChaosOptions, detectionBoundMs, heartbeats, resumeBoundMs, resumeWindowMs } from './settings.js';
import { Tally } from './tally.js';

const FLAPS_PER_LANE_AND_ROUND = 25;
/** Under TLS a changed bit breaks the connection; without it nothing could tell. */
const tlsMix = { ...usualMix, corrupt: 3 };
const ways: readonly Directions[] = [bothWays, { up: true }, { down: true }];

/** What happens to the fleet, in rounds: cuts in all lanes at once, then one thing of each of the worse kinds. */
export class Campaign {
  readonly tally = new Tally();
  #round = 0;
  readonly #deadline: number;
  readonly #random: () => number;
  readonly #fleet: Fleet;
  readonly #options: ChaosOptions;

  constructor(fleet: Fleet, options: ChaosOptions) {
    this.#fleet = fleet;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#deadline = options.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.minutes * 60_000;
  }

  async run(): Promise<void> {
    const { flaps, halfOpen, onlyFlaps } = this.#options;
    for (; this.#timeLeft && (this.#round < 4 || this.#flapsLeft > 0 || this.#halfOpenLeft > 0); this.#round++) {
      await this.#flapLanes();
      this.tally.weights.push(await this.#fleet.weigh());
      if (!onlyFlaps) await this.#worse();
      if (process.stderr.isTTY)
        process.stderr.write(
          `\r${this.tally.flaps} of ${flaps} flaps, ${this.tally.halfOpen.length} of ${halfOpen} half-open links  `,
        );
    }
    await this.#fleet.allOpen();
    this.tally.weights.push(await this.#fleet.weigh());
  }

  async #worse(): Promise<void> {
    if (this.#halfOpenLeft > 0) await this.#halfOpen();
    await this.#standStill(this.#round % 2 === 0 ? 'service' : 'client', this.#round % 4 < 2);
    if (this.#round % 4 === 1) await this.#killClient();
    if (this.#round % 4 === 2) await this.#oversleep();
    if (this.#round % 4 === 3) await this.#killService();
  }

  get #timeLeft(): boolean {
    return Date.now() < this.#deadline && this.#fleet.violations.length < 20;
  }

  get #flapsLeft(): number {
    return this.#options.flaps - this.tally.flaps;
  }

  get #halfOpenLeft(): number {
    return this.#options.halfOpen - this.tally.halfOpen.length;
  }

  /** Every lane draws from a sequence of its own, so that their faults do not depend on each other's pace. */
  async #flapLanes(): Promise<void> {
    const { lanes } = this.#fleet;
    const share = Math.min(FLAPS_PER_LANE_AND_ROUND, Math.ceil(this.#flapsLeft / lanes.length));
    const seeds = lanes.map(() => Math.floor(this.#random() * 2 ** 32));
    await Promise.all(
      lanes.map(async (lane, index) => {
        const random = seededRandom(seeds[index] as number);
        for (let flap = 0; flap < share && this.#timeLeft; flap++) await this.#flap(lane, random);
      }),
    );
  }

  /** Breaks a lane's connection, in whatever way, and sees to it that its session goes on. */
  async #flap(lane: LaneView, random: () => number): Promise<void> {
    const { run, resumes } = lane;
    const fault = drawFault(random, lane.tls ? tlsMix : usualMix);
    await sleep(100 * random());
    await lane.proxy.play(fault);
    if (!cuts(fault)) lane.proxy.cut();
    this.tally.flap(fault.kind);
    if (random() < 0.15) {
      // Once more, with luck in the middle of the handshake.
      await sleep(60 * random());
      lane.proxy.cut();
    }
    const wentOn = (): boolean => lane.status === 'opened' && (lane.resumes > resumes || lane.run !== run);
    await this.#fleet.until(`${run} to go on after ${fault.kind}`, wentOn, resumeBoundMs);
    if (lane.run !== run) this.#fleet.violations.push(`${run} did not survive ${fault.kind}`);
  }

  /** A link dies without a word: both sides of an idle session and the client of a busy one have to notice. */
  async #halfOpen(): Promise<void> {
    const fleet = this.#fleet;
    const number = this.tally.halfOpen.length;
    const lane = fleet.lanes[number % fleet.lanes.length] as LaneView;
    const run = `probe-${number}`;
    fleet.client.order({ order: 'probe', plan: fleet.plan(lane, run) });
    if (!(await fleet.until(`${run} to open`, () => fleet.probing.has(run)))) return;
    await sleep(heartbeats.pingMs * this.#random());

    const start = Date.now();
    const { resumes } = lane;
    lane.proxy.blackhole(ways[number % ways.length]);
    const ends = () => fleet.ends.filter((view) => view.run === run);
    const noticed = () => ends().length === 2 && lane.since >= start && lane.status !== 'opened';
    await fleet.until(`both sides to notice the half-open ${run}`, noticed, 2 * detectionBoundMs);
    const busyClientMs = lane.since - start;
    const [client, service] = (['client', 'service'] as const).map((by) => {
      const end = ends().find((view) => view.by === by);
      if (end !== undefined && end.end.kind !== 'lost')
        fleet.violations.push(`${run} ended as ${end.end.kind} at the ${by}`);
      return (end?.at ?? Number.POSITIVE_INFINITY) - start;
    });
    this.tally.halfOpen.push({ client: client as number, service: service as number, busyClient: busyClientMs });
    // Sometimes the old connections come back to life, sometimes only new ones work; an attempt to resume may be among them.
    await sleep(200 * this.#random());
    if (this.#random() < 0.5) lane.proxy.abandon();
    lane.proxy.restore();
    await fleet.until(`${lane.run} to go on after a black hole`, () => lane.resumes > resumes, resumeBoundMs);
  }

  /** A process stands still, for a moment or for longer than the heartbeats allow, and goes on. */
  async #standStill(which: 'service' | 'client', short: boolean): Promise<void> {
    const fleet = this.#fleet;
    const before = fleet.lanes.map(({ resumes }) => resumes);
    const stoppedMs = short ? 400 : heartbeats.pingMs + heartbeats.pingTimeoutMs + 1_500;
    const child = fleet[which];
    child.stop();
    await sleep(stoppedMs);
    child.continue();
    // Until the news of the time after it is here.
    await sleep(short ? 400 : heartbeats.pingMs);
    await fleet.allOpen();
    this.tally.stops += 1;
    if (short) this.tally.needless += fleet.lanes.filter(({ resumes }, lane) => resumes !== before[lane]).length;
  }

  /** The client dies: the service must end its sessions in bounded time, and may not take them for closed in order. */
  async #killClient(): Promise<void> {
    const fleet = this.#fleet;
    const runs = fleet.lanes.map(({ run }) => run);
    const start = Date.now();
    fleet.client.kill();
    const ends = await this.#allLost(runs, 'service', 'its client was killed');
    this.tally.clientKills.push(Math.max(...ends.map(({ at }) => at - start)));
    await fleet.startClient();
  }

  /** The client stands still until the service has given its sessions up: when it goes on, it must be told. */
  async #oversleep(): Promise<void> {
    const fleet = this.#fleet;
    const runs = fleet.lanes.map(({ run }) => run);
    fleet.client.stop();
    await this.#allLost(runs, 'service', 'its client stood still');
    fleet.client.continue();
    await this.#allLost(runs, 'client', 'it came too late');
    this.tally.oversleeps += 1;
    await fleet.allOpen();
  }

  /** The service dies: its successor knows no session, and each client must be told so, with how much is unknown. */
  async #killService(): Promise<void> {
    const fleet = this.#fleet;
    const runs = fleet.lanes.map(({ run }) => run);
    const start = Date.now();
    fleet.service.kill();
    await fleet.startService();
    const ends = await this.#allLost(runs, 'client', 'its service was killed');
    for (const { run, end } of ends) {
      if (!end.unknownItems) fleet.violations.push(`${run} was lost under load, but claims to know about every item`);
    }
    this.tally.serviceKills.push(Math.max(...ends.map(({ at }) => at - start)));
    await fleet.allOpen();
  }

  /** Waits until one side has ended these sessions, which must not look like an end in order to it. */
  async #allLost(runs: readonly string[], by: 'service' | 'client', why: string): Promise<readonly EndView[]> {
    const fleet = this.#fleet;
    const ends = () => fleet.ends.filter((view) => view.by === by && runs.includes(view.run));
    const boundMs = 2 * (resumeWindowMs + detectionBoundMs);
    await fleet.until(`the ${by} to end ${runs.join(', ')}: ${why}`, () => ends().length === runs.length, boundMs);
    for (const { run, end } of ends()) {
      if (end.kind !== 'lost') fleet.violations.push(`${run} ended as ${end.kind} at the ${by}, though ${why}`);
    }
    return ends();
  }
}

/** Whether a fault breaks the connection by itself. */
function cuts({ kind }: Fault): boolean {
  return kind === 'reset' || kind === 'end' || kind === 'refuse';
}
