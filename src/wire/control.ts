import type { MessageCodec } from '../contract/message-codec.js';
import { Control } from '../gen/duplex/v1/session.js';
import { ackFrame, type FrameNumbers } from './batch.js';
import { Field, LENGTH_DELIMITED, tagOf } from './fields.js';
import { ItemWriter } from './item-writer.js';

/** One of the messages by which two session engines talk to each other. */
export type ControlMessage = NonNullable<Control['kind']>;

/** Takes any writer. */
const controlCodec: MessageCodec<Control> = Control;
const writer = new ItemWriter();

/** The frame of one control message. It is never numbered itself, but takes an acknowledgement along. */
export function controlFrame(kind: ControlMessage, numbers: FrameNumbers): Uint8Array {
  writer.begin().raw(ackFrame(numbers)).uint32(tagOf(Field.control, LENGTH_DELIMITED)).fork();
  controlCodec.encode({ kind }, writer);
  return writer.join().finish();
}
