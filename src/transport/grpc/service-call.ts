import {
  type Metadata,
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

const takeCall = Symbol('who takes the calls of this method');

/** Reads frames as they are, and says who takes the calls of the method: its way to read is what interceptors see of a handler. */
export function frameDeserializer(take: TakeCall): (frame: Buffer) => Buffer {
  return Object.assign((frame: Buffer) => identity(frame), { [takeCall]: take });
}

/**
 * Takes the streams of sessions out of a server below the Duplex stream that
 * grpc-js makes for handlers. Its queues repeat what a session does itself, for
 * 5 % of the time that a frame takes and 0.9 KB in each session. Every other call
 * goes on as it came.
 */
export const sessionInterceptor: ServerInterceptor = ({ requestDeserialize }, call) => {
  const take: unknown = Reflect.get(requestDeserialize, takeCall);
  // Of the class grpc-js uses no more than the interface.
  return typeof take === 'function' ? new TakenCall(call, take as TakeCall) : (call as ServerInterceptingCall);
};

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

/** The same out of the stream that a handler gets, on a server that was made without the interceptor. */
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
    else this.#stream.emit('error', { name: 'Error', message: '', code, details });
  }

  getPeer(): string {
    return this.#stream.getPeer();
  }

  getAuthContext(): ReturnType<ServiceCall['getAuthContext']> {
    return this.#stream.getAuthContext();
  }
}
