import { Code, createHost } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { HealthCheckResponse_ServingStatus as Status } from '../../src/gen/grpc/health/v1/health.js';
import { join, serve } from '../support/everything.js';
import { Other } from '../support/gen/testing/v1/other_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { checkHealth, listHealth, watchHealth } from '../support/plain-call.js';
import { thrownBy } from '../support/thrown-by.js';

const wireName = 'testing.v1.EverythingDuplexService';

describe('the health service of a host', () => {
  it('says of the host and of each service that they serve', async () => {
    const { address } = await serve(() => ({}), { health: true });
    expect(await checkHealth(address, '')).toBe(Status.SERVING);
    expect(await checkHealth(address, wireName)).toBe(Status.SERVING);
    const serving = { status: Status.SERVING };
    expect(await listHealth(address)).toEqual({ statuses: { '': serving, [wireName]: serving } });
  });

  it('does not know other services, by any name', async () => {
    const { address } = await serve(() => ({}), { health: true });
    for (const name of ['no.such.Service', '__proto__', 'constructor']) {
      await expect(checkHealth(address, name)).rejects.toMatchObject({ code: Code.NOT_FOUND });
    }
  });

  it('tells watchers when a service is added, and when the host leaves; then it lets them go', async () => {
    const running = deferred();
    const started = deferred();
    const { address, host } = await serve(
      () => ({
        async ask() {
          started.resolve();
          await running.promise;
          return { answer: '' };
        },
      }),
      { health: true },
    );
    const whole = watchHealth(address, '');
    const other = watchHealth(address, Other.wireName);
    await eventually(() => expect(other).toEqual([Status.SERVICE_UNKNOWN]));
    host.add(Other, () => ({}) as Other.Handler);
    await eventually(() => expect(other).toEqual([Status.SERVICE_UNKNOWN, Status.SERVING]));

    const { client } = join(address);
    const reply = client.service.ask();
    await started.promise;
    const stopped = host.stop();
    await eventually(() => expect(whole).toEqual([Status.SERVING, Status.NOT_SERVING]));
    expect(await checkHealth(address, wireName)).toBe(Status.NOT_SERVING);
    running.resolve();
    await reply;
    await stopped;
    await eventually(() => expect(whole.at(-1)).toBe('end'));
    await eventually(() => expect(other.at(-1)).toBe('end'));
  });

  it('is there only where it is wanted', async () => {
    const { address } = await serve();
    await expect(checkHealth(address, '')).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  });

  it('is not registered twice', async () => {
    const { Server } = await import('@grpc/grpc-js');
    const server = new Server();
    createHost({ health: true }).attach(server);
    const error = thrownBy(() => createHost({ health: true }).attach(server));
    expect(error).toMatchObject({ code: Code.ALREADY_EXISTS });
    expect(error).toHaveProperty('message', expect.stringContaining('grpc.health.v1.Health'));
  });
});
