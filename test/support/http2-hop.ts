import { once } from 'node:events';
import {
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { bothWays, type Directions } from './faults.js';

/** One direction of a stream: its DATA, and what comes behind it. */
class Way {
  #withheld: boolean;
  readonly #waiting: (() => void)[] = [];

  constructor(withheld: boolean) {
    this.#withheld = withheld;
  }

  set withheld(withheld: boolean) {
    this.#withheld = withheld;
    while (!this.#withheld && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  pass(act: () => void): void {
    if (this.#withheld) this.#waiting.push(act);
    else act();
  }
}

/**
 * An HTTP/2 proxy as they stand in front of services: it ends connections and
 * passes streams on. It answers PINGs on both sides by itself, so HTTP/2's
 * keepalive sees a living peer even while no DATA gets through.
 */
export class Http2Hop {
  #withheld: Directions = {};
  readonly #streams = new Set<{ readonly up: Way; readonly down: Way }>();
  readonly #sessions = new Set<Http2Session>();
  readonly #server: Http2Server;

  private constructor(targetPort: number) {
    this.#server = createServer();
    this.#server.on('session', (session) => {
      const service = connect(`http://localhost:${targetPort}`);
      for (const one of [session, service]) {
        this.#sessions.add(one);
        one.on('error', () => {});
        one.on('close', () => this.#sessions.delete(one));
      }
      session.on('close', () => service.destroy());
      service.on('close', () => session.destroy());
      session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        this.#relay(stream, service.request(headers, { endStream: false }));
      });
    });
  }

  static async listen(targetPort: number): Promise<Http2Hop> {
    const hop = new Http2Hop(targetPort);
    await once(hop.#server.listen(0, '127.0.0.1'), 'listening');
    return hop;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on no DATA and no end of a stream gets through in these directions; PINGs are answered as ever. */
  withhold(directions: Directions = bothWays): void {
    this.#withheld = directions;
    for (const { up, down } of this.#streams) {
      up.withheld = directions.up === true;
      down.withheld = directions.down === true;
    }
  }

  /** Lets everything through again, and what was withheld first. */
  restore(): void {
    this.withhold({});
  }

  /** Breaks every connection on both sides, and forgets what it withheld. */
  cut(): void {
    for (const session of this.#sessions) session.destroy();
    this.#streams.clear();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #relay(client: ServerHttp2Stream, service: ClientHttp2Stream): void {
    const up = new Way(this.#withheld.up === true);
    const down = new Way(this.#withheld.down === true);
    const stream = { up, down };
    this.#streams.add(stream);
    let trailers: IncomingHttpHeaders = {};

    client.on('data', (bytes: Buffer) => up.pass(() => service.writable && service.write(bytes)));
    client.on('end', () => up.pass(() => service.end()));
    client.on('error', () => {});
    client.on('close', () => up.pass(() => service.close(constants.NGHTTP2_CANCEL)));

    service.on('response', (headers, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      down.pass(() => client.headersSent || client.respond(headers, { endStream, waitForTrailers: !endStream }));
    });
    service.on('trailers', (received) => {
      trailers = received;
    });
    service.on('data', (bytes: Buffer) => down.pass(() => client.writable && client.write(bytes)));
    service.on('end', () => down.pass(() => client.end()));
    service.on('error', () => {});
    service.on('close', () => {
      this.#streams.delete(stream);
      // After an end in order the stream closes by itself, behind its trailers.
      if (service.rstCode !== constants.NGHTTP2_NO_ERROR) down.pass(() => client.close(service.rstCode));
    });
    client.on('wantTrailers', () => client.sendTrailers(trailers));
  }
}
