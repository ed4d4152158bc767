import {
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { MethodShape } from '../../contract/contract.js';
import { DuplexError } from '../../errors.js';
import { CallFault } from '../../gen/duplex/v1/session.js';
import type { IncomingCarrier } from '../carrier.js';
import { asBuffer, identity } from './frames.js';
import { wellFormed } from './status.js';
import { textHeaders } from './text-headers.js';

/**
 * A method that is served beside the sessions, as any gRPC server would: its
 * messages are bytes. What it throws is a {@link DuplexError}, whose code and
 * message its caller gets.
 */
export type PlainMethod = { readonly path: string } & (
  | { readonly kind: 'unary'; answer(request: Uint8Array, caller: PlainCaller): Answer }
  | { readonly kind: 'exchange'; answer(request: Uint8Array): Answer }
  | { readonly kind: 'watch'; watch(request: Uint8Array, watcher: Watcher): () => void }
  | { readonly kind: 'refused'; readonly shape: MethodShape; readonly error: DuplexError }
);

/** Who makes a unary call. */
export interface PlainCaller extends Pick<IncomingCarrier, 'peer' | 'headers' | 'certificate'> {
  /** How long it waits; 0 if it does not say. */
  readonly timeoutMs: number;
  /** Calls `listener` when it wants no answer any more, or its connection broke. */
  onCancelled(listener: () => void): void;
}

type Answer = Uint8Array | Promise<Uint8Array>;

/** Who gets the messages of a `watch`; what it returned is called when nobody wants them any more. */
export interface Watcher {
  next(reply: Uint8Array): void;
  end(): void;
}

/** Registers a method; false if the server has it already. */
export function servePlainMethod(server: Server, method: PlainMethod): boolean {
  switch (method.kind) {
    case 'unary':
      return server.register(method.path, unaryHandler(method), identity, identity, 'unary');
    case 'exchange':
      return server.register(method.path, exchangeHandler(method), identity, identity, 'bidi');
    case 'watch':
      return server.register(method.path, watchHandler(method), identity, identity, 'serverStream');
    case 'refused':
      return refuse(server, method);
  }
}

function unaryHandler({ answer }: PlainMethod & { kind: 'unary' }) {
  return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    settle(
      () => answer(call.request, callerOf(call)),
      (bytes) => reply(null, asBuffer(bytes)),
      (error) => reply(statusOf(error)),
    );
  };
}

/** One answer for each request, in order: the next one is read when the last is written. */
function exchangeHandler({ answer }: PlainMethod & { kind: 'exchange' }) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => {
    let answering = false;
    let ended = false;
    call.on('data', (request: Buffer) => {
      answering = true;
      call.pause();
      const fail = (error: DuplexError): void => void call.emit('error', statusOf(error));
      const written = (): void => {
        answering = false;
        if (ended) call.end();
        else call.resume();
      };
      settle(
        () => answer(request),
        (bytes) => void call.write(asBuffer(bytes), written),
        fail,
      );
    });
    call.on('end', () => {
      ended = true;
      if (!answering) call.end();
    });
    call.on('error', () => {});
  };
}

function watchHandler({ watch }: PlainMethod & { kind: 'watch' }) {
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    call.on('error', () => {});
    try {
      const stop = watch(call.request, {
        next: (reply) => void call.write(asBuffer(reply)),
        end: () => call.end(),
      });
      call.on('cancelled', stop);
    } catch (error) {
      call.emit('error', statusOf(DuplexError.from(error)));
    }
  };
}

function settle(answer: () => Answer, done: (bytes: Uint8Array) => void, failed: (error: DuplexError) => void): void {
  Promise.resolve()
    .then(answer)
    .then(done, (error: unknown) => failed(DuplexError.from(error)));
}

function callerOf(call: ServerUnaryCall<Buffer, Buffer>): PlainCaller {
  const deadline = Number(call.getDeadline());
  return {
    peer: call.getPeer(),
    headers: textHeaders(call.metadata),
    // grpc-js shows a certificate only if an authority that the server knows has signed it.
    certificate: call.getAuthContext().sslPeerCertificate,
    timeoutMs: Number.isFinite(deadline) ? Math.max(1, Math.ceil(deadline - Date.now())) : 0,
    onCancelled: (listener) => void call.on('cancelled', listener),
  };
}

/** Answers every call of a method, whatever its shape, with one error. */
function refuse(server: Server, { path, shape, error }: PlainMethod & { kind: 'refused' }): boolean {
  const status = statusOf(error);
  const reply = (_: unknown, send: sendUnaryData<Buffer>): void => send(status);
  const end = (call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>): void => {
    call.on('error', () => {});
    call.emit('error', status);
  };
  switch (shape) {
    case 'one-way':
    case 'request-reply':
      return server.register(path, reply, identity, identity, 'unary');
    case 'request-stream':
      return server.register(path, reply, identity, identity, 'clientStream');
    case 'reply-stream':
      return server.register(path, end, identity, identity, 'serverStream');
    case 'both-streams':
      return server.register(path, end, identity, identity, 'bidi');
  }
}

function statusOf({ code, message, details }: DuplexError) {
  const status = { name: 'Error', message: '', code, details: wellFormed(message) };
  if (details.length === 0) return status;
  const metadata = new Metadata();
  // The first three fields of a CallFault are those of google.rpc.Status.
  const fault = CallFault.fromPartial({ code, message, details: [...details] });
  metadata.set('grpc-status-details-bin', asBuffer(CallFault.encode(fault).finish()));
  return { ...status, metadata };
}
