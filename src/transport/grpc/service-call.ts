import {
  type Metadata,
  type Server,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { identity } from './frames.js';

/** The call of a stream, as grpc-js shows it to interceptors: what a session needs of it. */
export type ServiceCall = Pick<
  ServerInterceptingCallInterface,
  'start' | 'startRead' | 'sendMetadata' | 'sendMessage' | 'sendStatus' | 'getPeer' | 'getAuthContext'
>;

/** What a call tells. */
export type ServiceCallListener = Parameters<ServiceCall['start']>[0];

/** Takes a call over; to be started at once. */
export type TakeCall = (call: ServiceCall) => void;

// A stream reaches its session in one of two ways:
//
//     server → interceptors → sessionInterceptor: TakenCall ──────────────▶ carrier
//     server → interceptors → … → handler, with a Duplex: StreamCall ─────▶ carrier

const takerOf = Symbol('who takes the calls of this method');

/**
 * Reads frames as they are. Of a method grpc-js shows its interceptors the
 * deserializer and nothing else that could be marked, so that says who takes its
 * calls, if anybody does: it is asked for each of them.
 */
export function frameDeserializer(taker: () => TakeCall | undefined): (frame: Buffer) => Buffer {
  return Object.assign((frame: Buffer) => identity(frame), { [takerOf]: taker });
}

/**
 * Takes the streams of sessions out of a server below the Duplex stream that
 * grpc-js makes for handlers. Its queues repeat what a session does itself, for
 * 5 % of the time that a frame takes and 0.9 KB in each session. Every other call
 * goes on as it came. It has to be the last of a server's interceptors, for those
 * behind it would hear nothing of a call that is taken: {@link mayTakeCalls}.
 */
export const sessionInterceptor: ServerInterceptor = ({ requestDeserialize }, call) => {
  const taker: unknown = Reflect.get(requestDeserialize, takerOf);
  const take: unknown = typeof taker === 'function' ? taker() : undefined;
  // Of the class grpc-js uses no more than the interface.
  return typeof take === 'function' ? new TakenCall(call, take as TakeCall) : (call as ServerInterceptingCall);
};

/**
 * Whether the interceptor is the last one of a server. The list is private to
 * grpc-js: where it cannot be seen calls go the long way, past everybody.
 */
export function mayTakeCalls(server: Server): boolean {
  const interceptors: unknown = Reflect.get(server, 'interceptors');
  return Array.isArray(interceptors) && interceptors.at(-1) === sessionInterceptor;
}

/** A call that its handler never sees. */
class TakenCall extends ServerInterceptingCall {
  readonly #call: ServerInterceptingCallInterface;
  readonly #take: TakeCall;

  constructor(call: ServerInterceptingCallInterface, take: TakeCall) {
    super(call);
    this.#call = call;
    this.#take = take;
  }

  override start(): void {
    this.#take(this.#call);
  }
}

/** Shows the stream that a handler gets as a call, on a server whose calls may not be taken. */
export class StreamCall implements ServiceCall {
  readonly #stream: ServerDuplexStream<Buffer, Buffer>;

  constructor(stream: ServerDuplexStream<Buffer, Buffer>) {
    this.#stream = stream;
  }

  start(listener: ServiceCallListener): void {
    const stream = this.#stream;
    stream.on('data', (frame: Buffer) => {
      stream.pause();
      listener.onReceiveMessage(frame);
    });
    stream.pause();
    stream.on('end', () => listener.onReceiveHalfClose());
    stream.on('cancelled', () => listener.onCancel());
    // Also emitted here, to send a status; then the listener has left.
    stream.on('error', () => listener.onCancel());
    listener.onReceiveMetadata(stream.metadata);
  }

  startRead(): void {
    this.#stream.resume();
  }

  sendMetadata(metadata: Metadata): void {
    this.#stream.sendMetadata(metadata);
  }

  sendMessage(frame: Buffer, callback: () => void): void {
    this.#stream.write(frame, (error?: Error | null) => {
      // After a cancel it brings ERR_STREAM_DESTROYED; `cancelled` says the same.
      if (!error) callback();
    });
  }

  sendStatus({ code, details }: { readonly code: number; readonly details: string }): void {
    if (code === 0) this.#stream.end();
    // So grpc-js is told of a status.
    else this.#stream.emit('error', { name: 'Error', message: '', code, details });
  }

  getPeer(): string {
    return this.#stream.getPeer();
  }

  getAuthContext(): ReturnType<ServiceCall['getAuthContext']> {
    return this.#stream.getAuthContext();
  }
}
