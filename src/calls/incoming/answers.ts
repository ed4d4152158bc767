import type { MethodInfo } from '../../contract/contract.js';
import { Code, Fault, textOf } from '../../errors.js';
import { CallComplete, CallFault } from '../../gen/duplex/v1/session.js';
import type { EncodedItem } from '../../wire/encoded-item.js';
import { Field } from '../../wire/fields.js';
import { replyHead } from '../../wire/item-encoder.js';
import type { CallChannel } from '../call-channel.js';
import { declaredDetails } from '../faults.js';
import type { IncomingCall } from './call.js';

/** What an answer has to know of its call: who awaits it, and what else was sent before. */
export type Answerable = Pick<IncomingCall<unknown>, 'id' | 'sentSince' | 'sentUntil'>;

/** So much of its message a fault keeps that is over the size that the peer takes. */
const MAX_CUT_MESSAGE = 1_024;

/**
 * A reply, or an item of a stream of them. Throws RESOURCE_EXHAUSTED if it is
 * over the size that the peer takes, and any other error if it cannot be encoded.
 */
export function encodeReply(channel: CallChannel, method: MethodInfo, { id }: Answerable, reply: unknown): EncodedItem {
  const head = replyHead(id);
  let item: EncodedItem;
  try {
    item = method.reply
      ? channel.encode(head, method.number, method.reply, reply)
      : channel.encode(head, Field.callComplete, CallComplete, {});
  } catch (error) {
    // The handler's mistake, and none of the caller's business.
    throw new Error(textOf(error), { cause: error });
  }
  const { itemBytes } = channel.sender.peerTerms;
  if (item.length <= itemBytes) return item;
  const message = `a reply of ${item.length} bytes is over the peer's limit of ${itemBytes} bytes`;
  throw new Fault(Code.RESOURCE_EXHAUSTED, message);
}

/** The end of a stream of replies. */
export function sendComplete(channel: CallChannel, { id, sentSince, sentUntil }: Answerable): void {
  const item = channel.encode(replyHead(id), Field.callComplete, CallComplete, {});
  channel.sender.answer(item, sentSince, sentUntil);
}

/** A fault, cut to what the peer takes. Nothing for a call that nobody awaits. */
export function sendFault(channel: CallChannel, { id, sentSince, sentUntil }: Answerable, fault: CallFault): void {
  if (id === 0) return;
  const head = replyHead(id);
  let item = channel.encode(head, Field.callFault, CallFault, fault);
  if (item.length > channel.sender.peerTerms.itemBytes) {
    const message = `${fault.message.slice(0, MAX_CUT_MESSAGE)} … (cut: the fault was too large)`;
    item = channel.encode(head, Field.callFault, CallFault, { ...fault, message, details: [] });
  }
  channel.sender.answer(item, sentSince, sentUntil);
}

/** A fault without the details that the contract does not declare for this method; those are reported. */
export function withDeclaredDetails(channel: CallChannel, method: MethodInfo, fault: CallFault): CallFault {
  if (fault.details.length === 0) return fault;
  const details = declaredDetails(method, fault.details, (error) => channel.report(error, method));
  return { ...fault, details: [...details] };
}
