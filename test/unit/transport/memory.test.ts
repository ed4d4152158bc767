import { describe, expect, it } from 'vitest';
import { DuplexError } from '../../../src/errors.js';
import type { CarrierListener } from '../../../src/transport/carrier.js';
import { memoryPair } from '../../../src/transport/memory.js';
import { settle } from '../../support/virtual-clock.js';

function listening(): { heard: string[]; listener: CarrierListener } {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      frame: (frame) => heard.push(`frame ${[...frame]}`),
      ended: () => heard.push('ended'),
      lost: ({ message }) => heard.push(`lost ${message}`),
    },
  };
}

function pair() {
  const [client, service] = [listening(), listening()];
  const ends = memoryPair(client.listener, service.listener);
  return { ...ends, toClient: client.heard, toService: service.heard };
}

describe('a stream in memory', () => {
  it('carries frames whole and in order, and is done with the bytes when it says so', async () => {
    const { client, toService } = pair();
    const bytes = Uint8Array.of(1, 2);
    let written = 0;
    client.write(bytes, () => {
      written += 1;
      bytes.fill(9);
    });
    client.write(Uint8Array.of(3), () => {
      written += 1;
    });
    expect(toService).toEqual([]);
    await settle();
    expect(toService).toEqual(['frame 1,2', 'frame 3']);
    expect(written).toBe(2);
  });

  it('may be half-closed, and still carries the other direction', async () => {
    const { client, service, toClient, toService } = pair();
    client.depart({ how: 'half-close' });
    await settle();
    service.write(Uint8Array.of(1), () => {});
    service.depart({ how: 'end' });
    await settle();
    expect(toService).toEqual(['ended']);
    expect(toClient).toEqual(['frame 1', 'ended']);
  });

  it.each([
    ['ended with an error', { how: 'end', error: new DuplexError('refused', 'no') } as const, 'lost no'],
    ['cancelled', { how: 'cancel' } as const, 'lost the peer cancelled the stream'],
  ])('may be %s; then nothing more is told', async (_, departure, told) => {
    const { client, service, toClient, toService } = pair();
    service.depart(departure);
    service.write(Uint8Array.of(1), () => {});
    await settle();
    client.write(Uint8Array.of(2), () => {});
    await settle();
    expect(toClient).toEqual([told]);
    expect(toService).toEqual([]);
  });
});
