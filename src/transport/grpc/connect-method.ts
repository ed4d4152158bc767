import type { MethodDefinition } from '@grpc/grpc-js';

/** grpc-js passes Buffers through untouched: a frame is encoded by the session, once. */
export const identity = (frame: Buffer): Buffer => frame;

/** The one method of a wire service, as both ends of grpc-js want it described. */
export function connectMethod(wireName: string): MethodDefinition<Buffer, Buffer> & { originalName: string } {
  return {
    path: `/${wireName}/Connect`,
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
    originalName: 'connect',
  };
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
