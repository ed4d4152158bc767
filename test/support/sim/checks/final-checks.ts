import type { ClientProgram } from '../programs/client-program.js';
import type { ServiceProgram } from '../programs/service-program.js';
import type { Simulation } from '../simulation.js';

/** Checker A: after the faults everybody is connected again, or knows that it is over. */
export function checkHealed(simulation: Simulation): void {
  for (const { name, client, process, end } of simulation.clients.values()) {
    if (!process.alive || end !== undefined) continue;
    if (client.status === 'opening' || client.status === 'resuming') {
      simulation.report('recovery', `${name} is still ${client.status} long after the last fault`);
    }
  }
}

/** Checker A: what has to be true once all is over and every timer has rung. */
export function checkEnd(simulation: Simulation): void {
  const { clients, services, servers, network, world } = simulation;
  for (const client of clients.values()) if (client.process.alive) checkClient(simulation, client);
  for (const service of services) if (service.process.alive) checkService(simulation, service);
  for (const { process, service } of servers) {
    const { size } = service.sessions;
    if (process.alive && size > 0) simulation.report('leak', `${process.name} still has ${size} sessions`);
  }
  const held = network.streams.filter(({ isHeld }) => isHeld).map(({ id }) => id);
  if (held.length > 0) simulation.report('leak', `the streams ${held} were never left`);
  const { faults } = simulation.plan;
  if (faults.length === 0 && !simulation.plan.settings.idles && network.streams.length > clients.size) {
    simulation.report('calm', `nothing went wrong, but ${network.streams.length} streams were dialled`);
  }
  if (world.armed > 0) simulation.report('leak', `${world.armed} timers are still armed`);
}

function checkClient(simulation: Simulation, client: ClientProgram): void {
  const { name, end, caller } = client;
  if (end === undefined) return simulation.report('close', `${name} never ended`);
  if (caller.open.size > 0) simulation.report('settles', `${[...caller.open]} never settled`);
  const reasons = reasonsOfClient(simulation, client);
  if (!reasons.includes(end.kind)) simulation.report('end', `${name} ended for no reason: ${end.kind}: ${end.message}`);
}

function checkService(simulation: Simulation, service: ServiceProgram): void {
  const { name, end, caller, disposals } = service;
  if (end === undefined) return simulation.report('close', `${name} never ended`);
  if (caller.open.size > 0) simulation.report('settles', `${[...caller.open]} never settled`);
  if (disposals !== 1) simulation.report('dispose', `${name} was disposed of ${disposals} times`);
  const reasons = reasonsOfService(simulation, service);
  if (!reasons.includes(end.kind)) simulation.report('end', `${name} ended for no reason: ${end.kind}: ${end.message}`);
}

/** The ways in which the plan lets a client's session end. */
function reasonsOfClient({ plan, servers }: Simulation, client: ClientProgram): readonly string[] {
  const { faults, settings, steps } = plan;
  const aborts = steps.some((step) => step.do === 'abort' && step.on === client.name);
  const reasons = [
    'closed',
    ...(aborts ? ['aborted'] : []),
    ...((client.isDismissed || settings.refuses !== 'nobody') && !client.wasOpen ? ['refused'] : []),
  ];
  // A plain client that has half-closed can answer no question any more, and leaves when its time is up.
  if (settings.closeTimeoutMs < 100_000 || settings.level === 'plain') reasons.push('timeout');
  if (faults.length === 0 && !settings.idles) return reasons;
  if (!client.wasOpen) reasons.push('unavailable', 'timeout');
  if (settings.level === 'plain') reasons.push('lost');
  // A service whose closing takes too long forgets the session, whether or not its client hears of it.
  const mayBeForgotten = settings.resumeWindowMs < 100_000 || settings.closeTimeoutMs < 100_000;
  if (servers.length > 1 || mayBeForgotten) reasons.push('lost');
  return reasons;
}

/** The same for a session of the service: it may outlive its client, or wait for one that is gone. */
function reasonsOfService({ plan }: Simulation, { client, peer }: ServiceProgram): readonly string[] {
  const { faults, settings, steps } = plan;
  const reasons = ['closed'];
  if (steps.some((step) => step.do === 'abort' && step.on === (client?.name ?? peer))) {
    reasons.push('aborted', 'unavailable', 'lost');
  }
  if (settings.closeTimeoutMs < 100_000) reasons.push('timeout');
  if (client === undefined && faults.length > 0) reasons.push('unavailable');
  const isShortLived = settings.level === 'plain' || settings.resumeWindowMs < 100_000;
  const isAlone = client === undefined || !client.process.alive || client.end !== undefined;
  if (isAlone && faults.length > 0) reasons.push('lost', 'timeout');
  // A plain client that has half-closed can answer no question any more, and leaves when its time is up.
  if (settings.level === 'plain' && client?.end?.kind === 'timeout') reasons.push('lost');
  if ((faults.length > 0 || settings.idles) && isShortLived) reasons.push('lost');
  return reasons;
}
