import { expect, it } from 'vitest';
import { grpcDialer } from '../../../src/transport/grpc/client-carrier.js';
import { deferred } from '../../support/observe.js';

it('a stream that is left before its metadata are there is told of once, when it has been left', async () => {
  const metadata = deferred<Record<string, string>>();
  const told: string[] = [];
  const dialer = grpcDialer('localhost:1', { metadata: () => metadata.promise });
  const carrier = dialer.dial('testing.v1.Nobody', {
    frame: () => told.push('frame'),
    ended: () => told.push('ended'),
    lost: ({ kind }) => told.push(kind),
  });
  carrier.write(new Uint8Array([1]), () => told.push('written'));
  carrier.depart({ how: 'cancel' });
  expect(told).toEqual([]);
  metadata.resolve({ late: 'yes' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['lost']);
  await dialer.close();
});
