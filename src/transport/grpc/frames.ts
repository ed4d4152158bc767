/** grpc-js passes Buffers through untouched: a frame is encoded by the session, once. */
export const identity = (frame: Buffer): Buffer => frame;

/** The path of the one method of a wire service. */
export function connectPath(wireName: string): string {
  return `/${wireName}/Connect`;
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
