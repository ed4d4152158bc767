import { checkEnd, checkHealed } from './checks/final-checks.js';
import type { History } from './checks/history.js';
import { LogChecker, type Situation } from './checks/log-checker.js';
import { strike } from './faults.js';
import type { Plan, Step } from './plan.js';
import { Simulation, type Violation } from './simulation.js';

/** After the last fault everybody is connected again, or knows that it is over, within this time. */
const RECOVERY_MS = 60_000;
/** Slow handlers one after another may take long. */
const WORK_MS = 3_000_000;
/** Longer than any resume window. */
const IDLE_MS = 150_000;
/** Resume windows, tombstones and everything else that waits runs out within this time. */
const AFTERMATH_MS = 1_000_000;

/** What came of a plan. */
export interface Outcome {
  readonly plan: Plan;
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly moves: ReadonlyMap<string, number>;
  readonly situations: ReadonlyMap<Situation, number>;
}

/** Carries out a plan, from the first connection to the last timer, and checks it all the way. */
export async function run(plan: Plan): Promise<Outcome> {
  const simulation = new Simulation(plan);
  const { history, moves, violations } = simulation;
  const { level, pingMs, pingTimeoutMs, resumeWindowMs, windowItems, windowBytes, frameItems, retryOpen } =
    plan.settings;
  const times = { pingMs, pingTimeoutMs, resumeWindowMs };
  history.add({ what: 'settings', settings: { level, ...times, windowItems, windowBytes, frameItems, retryOpen } });
  try {
    await carryOut(simulation);
  } catch (error) {
    simulation.report('runs', error instanceof Error ? `${error.stack}` : String(error));
  }
  const checker = new LogChecker();
  checker.check(history.entries);
  const { complaints, situations } = checker;
  return { plan, history, violations: [...violations, ...complaints], moves, situations };
}

async function carryOut(simulation: Simulation): Promise<void> {
  const { world, plan, network, violations } = simulation;
  const { steps, faults, clients, horizonMs } = plan;
  simulation.startServer();
  // What a client is to do by the time at which it connects it does in the same turn.
  const isFirst = ({ at, on }: Step): boolean =>
    clients.some((connectsAt, index) => on === `c${index}` && at <= connectsAt);
  clients.forEach((at, index) => {
    const name = `c${index}`;
    const first = steps.filter((step) => step.on === name && isFirst(step));
    world.schedule(undefined, at, 'io', () => simulation.connect(name, first));
  });
  for (const step of steps) {
    if (!isFirst(step)) world.schedule(undefined, step.at, 'io', () => simulation.perform(step));
  }
  for (const fault of faults) world.schedule(undefined, fault.at, 'io', () => strike(simulation, fault));
  const failed = (): boolean => violations.length > 0;
  const { closesAt } = plan.settings;
  if (closesAt !== undefined) world.schedule(undefined, closesAt, 'io', () => closeAll(simulation));
  await world.run(horizonMs, failed);

  network.heal();
  await world.run(world.now + RECOVERY_MS, failed);
  if (!failed()) checkHealed(simulation);
  await world.run(world.now + WORK_MS, () => failed() || isQuiet(simulation));
  if (!failed() && !isQuiet(simulation)) simulation.report('progress', `after ${WORK_MS} ms something is still undone`);

  if (plan.settings.idles) await idle(simulation, failed);
  closeAll(simulation);
  await world.run(world.now + WORK_MS, () => failed() || isOver(simulation));
  if (!failed() && !isOver(simulation)) simulation.report('close', 'closing does not come to an end');
  await world.run(world.now + AFTERMATH_MS, failed);
  if (!failed()) checkEnd(simulation);
}

/** Nobody says anything for longer than a session would be kept without a connection; then every connection breaks. */
async function idle(simulation: Simulation, failed: () => boolean): Promise<void> {
  const { world, network, history } = simulation;
  await world.run(world.now + IDLE_MS, failed);
  history.add({ what: 'fault', fault: JSON.stringify({ fault: 'cut-idle' }) });
  for (const stream of network.streams) stream.break({ clientHearsAfterMs: 1, serverHearsAfterMs: 1 });
  await world.run(world.now + RECOVERY_MS, failed);
  if (!failed()) checkHealed(simulation);
}

/** Whether everybody is connected, or over, and nothing is left to do. */
function isQuiet({ clients, services }: Simulation): boolean {
  for (const { client, caller, process, end, up } of clients.values()) {
    if (!process.alive || end !== undefined) continue;
    if (client.status !== 'opened' && client.status !== 'created') return false;
    if (caller.open.size > 0 || up.owed.length > 0) return false;
  }
  return services.every(({ process, end, caller, down, client }) => {
    if (!process.alive || end !== undefined || client?.process.alive !== true) return true;
    return caller.open.size === 0 && down.owed.length === 0;
  });
}

function isOver({ clients, services }: Simulation): boolean {
  for (const { process, end } of clients.values()) if (process.alive && end === undefined) return false;
  return services.every(({ process, end }) => !process.alive || end !== undefined);
}

function closeAll(simulation: Simulation): void {
  const { clients, world, plan } = simulation;
  for (const client of clients.values()) {
    const { closer } = plan.settings;
    const services = simulation.servicesOf(client.name);
    if (closer !== 'service' || services.length === 0) {
      world.schedule(client.process, world.now, 'io', () => client.close());
    }
    if (closer === 'client') continue;
    for (const service of services) world.schedule(service.process, world.now, 'io', () => service.close());
  }
}
