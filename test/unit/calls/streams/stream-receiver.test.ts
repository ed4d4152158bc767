import { describe, expect, it } from 'vitest';
import { StreamReceiver } from '../../../../src/calls/streams/stream-receiver.js';

/** A receiver with the largest number of items that its sender might have sent before they were delivered. */
function receiver(deliver?: (run: () => void) => void) {
  let granted = 256;
  let delivered = 0;
  let mostAhead = granted;
  const stream = new StreamReceiver(
    { window: 256, tolerance: 0 },
    {
      grant(total) {
        granted = total;
        // One more is being delivered.
        mostAhead = Math.max(mostAhead, granted - (delivered + 1));
      },
      left: () => {},
      deliver,
      unheard: () => {},
    },
  );
  /** The sender uses all of its credit, again and again. */
  const send = (count: number): void => {
    for (let sent = 0; sent < count; sent++) expect(stream.next(sent)).toBe(true);
  };
  return { stream, send, took: () => (delivered += 1), mostAhead: () => mostAhead };
}

describe('the receiver of a stream', () => {
  it('lets more be on the way to a subscriber that keeps up, up to a bound', () => {
    const { stream, send, took, mostAhead } = receiver();
    stream.items.subscribe(took);
    send(100_000);
    expect(mostAhead()).toBe(1_024);
    expect(stream.next(0)).toBe(true);
  });

  it('lets no more than a window wait for a loop, however fast that is', async () => {
    const { stream, send, took, mostAhead } = receiver();
    const loop = stream.iterate();
    for (let times = 0; times < 5_000; times++) {
      const taken = loop.next();
      send(1);
      await taken;
      took();
    }
    expect(mostAhead()).toBe(256);
  });

  it('lets no more than a window wait for an application that takes items in its own time', () => {
    const later: (() => void)[] = [];
    const { stream, send, took, mostAhead } = receiver((run) => later.push(run));
    stream.items.subscribe(took);
    for (let times = 0; times < 100; times++) {
      send(100);
      for (const run of later.splice(0)) run();
    }
    expect(mostAhead()).toBe(256);
  });
});
