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
  const server = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ host, port: Number(port), noDelay: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(/** @type {net.Socket} */ (socket));
      socket?.pipe(/** @type {net.Socket} */ (other));
      socket?.on('error', () => {});
      socket?.on('close', () => {
        other?.destroy();
        sockets.delete(/** @type {net.Socket} */ (socket));
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = /** @type {net.AddressInfo} */ (server.address());
  return {
    address: `127.0.0.1:${address.port}`,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close: () => server.close(),
  };
}
