/**
 * Field numbers of the generated envelopes, the same in every contract.
 * Below 100 they belong to the library; a contract's own arms start at 100.
 * Source: proto/duplex/v1/PROTOCOL.md, section 2.
 */
export const Field = {
  seq: 1,
  ack: 2,
  backlog: 3,
  callId: 4,
  replyTo: 5,
  timeoutMs: 6,
  context: 7,
  more: 15,
  control: 16,
  callOpen: 17,
  callComplete: 18,
  callCancel: 19,
  callFault: 20,
  state: 21,
} as const;

/** Every field of an envelope from this number on is an arm of its oneof `content`. */
export const FIRST_CONTENT_FIELD = Field.control;

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

/** The tag that precedes a field: its number and wire type in one varint. */
export function tagOf(field: number, wireType: number): number {
  // Field numbers go up to 2^29 - 1, where the shift would reach the sign.
  return ((field << 3) | wireType) >>> 0;
}
