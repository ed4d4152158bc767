import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP proxy on a free port that does to connections what networks do. It is gone when the test is finished. */
export class TcpProxy {
  /** How many connections were made through it. */
  connections = 0;
  /** How often bytes have come to it, from either side. */
  arrivals = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #frozen = false;
  #refusing = false;

  private constructor(targetPort: number) {
    this.#server = createServer((socket) => this.#join(socket, targetPort));
  }

  /** A proxy for a port of this machine. */
  static async to(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.#server.close();
      proxy.cut();
    });
    return proxy;
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `127.0.0.1:${address.port}`;
  }

  /** Breaks every connection. New ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** From now on, or no more, connections are broken as soon as they are made. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
    if (refusing) this.cut();
  }

  /** Swallows everything from now on, in both directions, without breaking a connection. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Lets new connections through again; what was swallowed is lost, and so are the frozen ones. */
  thaw(): void {
    this.#frozen = false;
    this.cut();
  }

  #join(socket: Socket, targetPort: number): void {
    this.connections += 1;
    if (this.#refusing) return void socket.destroy();
    const target = connect(targetPort, 'localhost');
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('data', (bytes) => {
        this.arrivals += 1;
        if (!this.#frozen) to.write(bytes);
      });
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!this.#frozen) to.destroy();
      });
    }
  }
}
