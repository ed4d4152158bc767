import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Control } from '../gen/duplex/v1/session.js';
import { ackFrame, type FrameNumbers } from './batch.js';
import { Field, LENGTH_DELIMITED, tagOf } from './fields.js';

/** One of the messages by which two session engines talk to each other. */
export type ControlMessage = NonNullable<Control['kind']>;

/** The frame of one control message. It is never numbered itself, but takes an acknowledgement along. */
export function controlFrame(kind: ControlMessage, numbers: FrameNumbers): Uint8Array {
  const writer = new BinaryWriter().raw(ackFrame(numbers)).uint32(tagOf(Field.control, LENGTH_DELIMITED)).fork();
  return Control.encode({ kind }, writer).join().finish();
}
