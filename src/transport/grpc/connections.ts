import type { Channel } from '@grpc/grpc-js';
import type { DuplexError } from '../../errors.js';
import type { Carrier, CarrierListener } from '../carrier.js';
import { channelMaker, type Dialer, GrpcClientCarrier, type GrpcDialOptions } from './client-carrier.js';
import { resolveMetadata } from './stream-metadata.js';

/** Connections that sessions share. */
export interface GrpcConnections {
  /** A dialer for one session. */
  dialer(): Dialer;
  /** Closes all of them; streams that are open end in their own time. */
  close(): void;
}

interface Connection {
  readonly channel: Channel;
  streams: number;
  /** It is suspected to be dead: no new stream goes over it. */
  retired: boolean;
}

/**
 * Connections to one address, each for up to `streamsPerConnection` sessions
 * at a time: beyond what a server allows grpc-js would queue streams without a
 * word. A session that dials again never gets the connection that failed it.
 * Throws INVALID_ARGUMENT for an address that cannot be one.
 */
export function grpcConnections(
  address: string,
  options: GrpcDialOptions,
  streamsPerConnection: number,
): GrpcConnections {
  const makeChannel = channelMaker(address, options);
  const metadata = resolveMetadata(options.metadata);
  const connections = new Set<Connection>();
  const drop = (connection: Connection): void => {
    if (!connection.retired || connection.streams > 0) return;
    connection.channel.close();
    connections.delete(connection);
  };
  const pick = (): Connection => {
    for (const each of connections) if (!each.retired && each.streams < streamsPerConnection) return each;
    const made: Connection = { channel: makeChannel(), streams: 0, retired: false };
    connections.add(made);
    return made;
  };
  const retire = (connection: Connection): void => {
    connection.retired = true;
    drop(connection);
  };
  const dial = (connection: Connection, wireName: string, listener: CarrierListener): Carrier => {
    connection.streams += 1;
    const watch = new StreamWatch(listener, (error) => {
      connection.streams -= 1;
      if (error?.kind === 'lost' && !watch.departed) connection.retired = true;
      drop(connection);
    });
    const carrier = new GrpcClientCarrier(connection.channel, wireName, address, metadata, watch);
    return {
      write: (frame, written) => carrier.write(frame, written),
      depart(departure) {
        watch.departed = true;
        carrier.depart(departure);
      },
      pause: () => carrier.pause(),
      resume: () => carrier.resume(),
      get hasReachedNobody() {
        return carrier.hasReachedNobody;
      },
    };
  };
  return {
    dialer() {
      let last: Connection | undefined;
      const redial: Dialer['dial'] = (wireName, listener) => {
        if (last !== undefined) retire(last);
        last = pick();
        return dial(last, wireName, listener);
      };
      return { address, dial: redial, close: () => Promise.resolve() };
    },
    close() {
      for (const connection of connections) retire(connection);
    },
  };
}

/** Sees when a stream is over. */
class StreamWatch implements CarrierListener {
  /** Whether this side left it, so that how it ends says nothing of the connection. */
  departed = false;
  readonly #listener: CarrierListener;
  readonly #over: (error?: DuplexError) => void;

  constructor(listener: CarrierListener, over: (error?: DuplexError) => void) {
    this.#listener = listener;
    this.#over = over;
  }

  frame(frame: Uint8Array): void {
    this.#listener.frame(frame);
  }

  ended(): void {
    this.#over();
    this.#listener.ended();
  }

  lost(error: DuplexError): void {
    this.#over(error);
    this.#listener.lost(error);
  }
}
