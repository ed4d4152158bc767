// @ts-check
import { once } from 'node:events';
import net from 'node:net';

/**
 * Passes connections on to an address until they are cut; new ones get through at once.
 *
 * @param {string} target `host:port`
 */
export async function cutProxy(target) {
  const [host, port] = target.split(':');
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  let isStalled = false;
  const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (near) => {
    const far = net.connect({ host, port: Number(port), noDelay: true });
    for (const [socket, other] of /** @type {const} */ ([
      [near, far],
      [far, near],
    ])) {
      sockets.add(socket);
      if (!isStalled) socket.pipe(other);
      socket.on('error', () => {});
      socket.on('close', () => {
        other.destroy();
        sockets.delete(socket);
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = /** @type {net.AddressInfo} */ (server.address());
  return {
    address: `127.0.0.1:${address.port}`,
    /** Breaks what is connected. False if nothing was. */
    cut() {
      const wasConnected = sockets.size > 0;
      for (const socket of sockets) socket.destroy();
      return wasConnected;
    },
    /** Takes no byte any more, from either side, without a word; new connections get no further either. */
    stall() {
      isStalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
