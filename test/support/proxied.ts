import { filter, firstValueFrom, skip } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Status } from '../../src/index.js';
import { FaultProxy } from './fault-proxy.js';
import type { Everything } from './gen/testing/v1/everything_duplex.js';
import { Http2Hop } from './http2-hop.js';

/** Heartbeats so fast that a test can wait for them: a dead link is noticed after at most 600 ms. */
export const fastHeartbeats = Object.freeze({ pingMs: 300, pingTimeoutMs: 300 });

/** A TCP proxy in front of a port, until the test is finished. */
export async function proxyTo(port: number): Promise<FaultProxy> {
  const proxy = await FaultProxy.listen(port);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** An HTTP/2 proxy in front of a port, until the test is finished. */
export async function hopTo(port: number): Promise<Http2Hop> {
  const hop = await Http2Hop.listen(port);
  onTestFinished(() => hop.close());
  return hop;
}

/** Resolves when the client's status becomes `status`; what it is now does not count. */
export async function becomes(client: Everything.Client, status: Status): Promise<void> {
  await firstValueFrom(
    client.status$.pipe(
      skip(1),
      filter((next) => next === status),
    ),
  );
}

/** Breaks the connection and waits until the session goes on. */
export async function flap(client: Everything.Client, cut: () => void): Promise<void> {
  const resuming = becomes(client, 'resuming');
  cut();
  await resuming;
  if (client.status !== 'opened') await becomes(client, 'opened');
}

/** 0 up to, not including, `count`. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
