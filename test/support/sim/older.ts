import { control, controlOf, decodeEnvelope, encodeEnvelope } from '../envelope.js';
import type { Settings } from './plan.js';
import type { Random } from './world/random.js';

/** A first frame without the items that went with it. */
export function withoutItems(frame: Uint8Array): Uint8Array {
  const { content, more } = decodeEnvelope(frame);
  return content === undefined || more === undefined ? frame : encodeEnvelope({ content });
}

/**
 * What the service hears of a first frame where one of both knows less than
 * the other: an older service takes no notice of items that come with a Hello,
 * nor of features; an older client names none. Here only some of its Hellos are
 * older, so that each has to be judged by itself.
 */
export function asHeard(older: Settings['older'], random: Random): (frame: Uint8Array) => Uint8Array {
  return (frame) => {
    if (older === 'service') return withoutFeatures(withoutItems(frame));
    return older === 'client' && random.chance(0.5) ? withoutFeatures(frame) : frame;
  };
}

function withoutFeatures(frame: Uint8Array): Uint8Array {
  const envelope = decodeEnvelope(frame);
  const said = controlOf(envelope);
  if (said?.$case !== 'hello') return frame;
  const content = control({ $case: 'hello', value: { ...said.value, features: [] } });
  return encodeEnvelope({ ...envelope, content });
}
