import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { record } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

describe('the status of a client', () => {
  it('goes from created to closed in a session that is closed in order', async () => {
    const { address } = await serve();
    const { client } = join(address);
    const statuses = record(client.status$);
    await client.open();
    expect(client.status).toBe('opened');
    await client.close();
    expect(statuses).toEqual(['created', 'opening', 'opened', 'closing', 'closed', 'complete']);
  });

  it('is faulted when nobody listens at the address, and there is no other event', async () => {
    const { client, errors } = join('localhost:1');
    const statuses = record(client.status$);
    const error = await rejectionOf(client.open());
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(statuses).toEqual(['created', 'opening', 'faulted', 'complete']);
    expect(await client.closed).toMatchObject({ kind: 'unavailable' });
    expect(errors).toMatchObject([{ error: { kind: 'unavailable' } }]);
  });

  it('is closed when the host stops, with its reason', async () => {
    const { address, host } = await serve();
    const { client, errors } = join(address);
    const statuses = record(client.status$);
    await client.open();
    await host.stop('maintenance');
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'maintenance' });
    expect(statuses).toEqual(['created', 'opening', 'opened', 'closing', 'closed', 'complete']);
    expect(errors).toEqual([]);
  });

  it('is heard in order by everybody, even if one closes within `opened`', async () => {
    const { address } = await serve();
    const { client } = join(address);
    client.status$.subscribe((status) => {
      if (status === 'opened') void client.close();
    });
    const statuses = record(client.status$);
    void client.open();
    await client.closed;
    expect(statuses).toEqual(['created', 'opening', 'opened', 'closing', 'closed', 'complete']);
  });

  it('does not change by looking at it', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    record(client.status$);
    record(client.status$);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.status).toBe('created');
    expect(sessions).toEqual([]);
  });

  it('has changed before open() resolves, and open() may be called again', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    const seen = await Promise.all([client.open(), client.open()].map((opened) => opened.then(() => client.status)));
    expect(seen).toEqual(['opened', 'opened']);
    await client.open();
    expect(sessions).toHaveLength(1);
  });

  it('never rejects in `closed`, and nobody has to await open()', async () => {
    const { client } = join('localhost:1');
    void client.open();
    await expect(client.closed).resolves.toMatchObject({ kind: 'unavailable' });
  });
});
