import { control, controlOf, decodeEnvelope, encodeEnvelope } from '../envelope.js';
import { withoutItems } from './older.js';
import type { Fault, Hearing } from './plan.js';
import type { Simulation } from './simulation.js';
import type { Break, Stream } from './world/stream.js';

/** Makes a fault happen now. */
export function strike(simulation: Simulation, fault: Fault): void {
  const { world, network, history } = simulation;
  const stream = network.present(fault.on);
  const { at: _, ...what } = fault;
  history.add({ what: 'fault', fault: JSON.stringify(what) });
  switch (fault.fault) {
    case 'cut': {
      if (stream === undefined) return;
      if (fault.afterBytes === 0) return stream.break(breakOf(fault.hears));
      const pipe = stream[fault.up ? 'up' : 'down'];
      pipe.breaksAfterBytes = fault.afterBytes;
      pipe.onBreak = () => stream.break(breakOf(fault.hears));
      return;
    }
    case 'cut-next': {
      const { afterBytes, up, hears, times } = fault;
      const next = { ...breakOf(hears), afterBytes, direction: up ? 'up' : 'down' } as const;
      for (let i = 0; i < times; i++) network.breakNext(fault.on, next);
      return;
    }
    case 'half-cut':
      return stream?.silence(fault.up ? 'up' : 'down');
    case 'black-hole':
      stream?.silence('up');
      return stream?.silence('down');
    case 'stall':
      return stream?.[fault.up ? 'up' : 'down'].stall(world.now + fault.forMs);
    case 'freeze':
      return freeze(simulation, fault.on, fault.forMs);
    case 'refuse':
      network.refusesUntil = world.now + fault.forMs;
      return;
    case 'hang':
      network.hangsUntil = world.now + fault.forMs;
      return;
    case 'haunt': {
      const old = network.streams.filter(({ client, hello, helloArrived, isBroken }) => {
        return client.who === fault.on && hello !== undefined && (helloArrived || isBroken || client.hasLeft);
      });
      const haunting = old.at(-1 - fault.back);
      if (haunting?.hello === undefined) return;
      const late = saidLate(haunting, haunting.hello);
      return network.haunt(fault.forged ? forged(late) : late, fault.lifeMs, breakOf(fault.hears));
    }
    case 'restart':
      return restart(simulation, fault.forMs, breakOf(fault.hears));
    case 'kill': {
      const client = simulation.clients.get(fault.on);
      if (client !== undefined) client.process.alive = false;
      return stream?.break({ ...breakOf(fault.hears), clientHearsAfterMs: Number.POSITIVE_INFINITY });
    }
  }
}

/**
 * What a client said first on a stream, once more. A network says nothing
 * twice: of what arrived there is only a Hello without the item that went with
 * it, or at the plain level the empty envelope of a client that only listens.
 */
function saidLate(stream: Stream, frame: Uint8Array): Uint8Array {
  const isLate = stream.hasConnected && stream.isBroken && !stream.helloArrived;
  stream.helloArrived = true;
  if (isLate) return frame;
  return controlOf(decodeEnvelope(frame)) === undefined ? encodeEnvelope({}) : withoutItems(frame);
}

/** The Hello of somebody who knows the session, but not its token. */
function forged(frame: Uint8Array): Uint8Array {
  const said = controlOf(decodeEnvelope(frame));
  if (said?.$case !== 'hello') return frame;
  const { openNonce, token, attempt } = said.value;
  // Without a token it would only open a session of its own.
  const unknown = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
  const hello = { ...said.value, openNonce: unknown(openNonce), token: unknown(token), attempt: attempt + 1_000 };
  return encodeEnvelope({ content: control({ $case: 'hello', value: hello }) });
}

function freeze({ clients, servers, world, history }: Simulation, on: string, forMs: number): void {
  const process = on === 'S' ? servers.at(-1)?.process : clients.get(on)?.process;
  if (process === undefined) return;
  process.stalledUntil = Math.max(process.stalledUntil, world.now + forMs);
  history.add({ what: 'stalled', who: process.name, until: process.stalledUntil });
}

function restart(simulation: Simulation, forMs: number, how: Break): void {
  const { network, world } = simulation;
  const process = simulation.killServer();
  if (process === undefined) return;
  for (const stream of network.streams) {
    if (stream.leadsTo(process)) stream.break({ ...how, serverHearsAfterMs: Number.POSITIVE_INFINITY });
  }
  world.schedule(undefined, world.now + forMs, 'io', () => {
    if (network.server === undefined) simulation.startServer();
  });
}

function breakOf({ client, server }: Hearing): Break {
  return {
    clientHearsAfterMs: client ?? Number.POSITIVE_INFINITY,
    serverHearsAfterMs: server ?? Number.POSITIVE_INFINITY,
  };
}
