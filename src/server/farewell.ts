import type { DuplexError } from '../errors.js';
import { Goodbye, type Hello, type Reason } from '../gen/duplex/v1/session.js';
import { rejectionFor } from '../session/handshake.js';
import type { IncomingCarrier } from '../transport/carrier.js';
import type { Clock } from '../transport/clock.js';
import { type ControlMessage, controlFrame } from '../wire/control.js';

const noNumbers = Object.freeze({ seq: 0, ack: 0, backlog: 0 });

/** So long a client that is turned away may take to read why; then the stream is cut. */
const LINGER_MS = 5_000;

/** Says why a session cannot be resumed, and ends the stream. */
export function reject(carrier: IncomingCarrier, clock: Clock, reason: Reason): void {
  sayLast(carrier, clock, { $case: 'welcome', value: rejectionFor(reason) });
}

/** Says why no session can be opened, and when to try again, as far as the client can hear it; ends the stream. */
export function turnAway(carrier: IncomingCarrier, clock: Clock, hello: Hello | undefined, error: DuplexError): void {
  if (hello === undefined) return carrier.depart({ how: 'end', error });
  const { code, message, retryAfterMs = 0 } = error;
  sayLast(carrier, clock, { $case: 'goodbye', value: Goodbye.fromPartial({ code, message, retryAfterMs }) });
}

function sayLast(carrier: IncomingCarrier, clock: Clock, message: ControlMessage): void {
  const timer = clock.schedule(clock.now() + LINGER_MS, () => carrier.depart({ how: 'cancel' }));
  carrier.write(controlFrame(message, noNumbers), () => {
    timer.cancel();
    carrier.depart({ how: 'end' });
  });
}
