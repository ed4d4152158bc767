import { Code, Fault } from 'grpc-duplex';
import { testLink } from 'grpc-duplex/testing';
import { describe, expect, it } from 'vitest';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { record } from '../support/observe.js';

type Options = NonNullable<
  Parameters<typeof testLink<Everything.Operations, Everything.Callbacks, Everything.State>>[2]
>;

const make = (options: Options = {}, refuses = false) =>
  testLink(
    Everything,
    async () => {
      if (refuses) throw new Fault(Code.PERMISSION_DENIED, 'members only');
      return partly({ echo: () => new Promise(() => {}) });
    },
    options,
  );

type Link = Awaited<ReturnType<typeof make>>;

const cutAfterOpening = async (link: Link): Promise<void> => {
  await link.client.open();
  link.cut();
  await link.settle();
};

const abortWhileOpening = (client: Everything.Client): void => {
  void client.open();
  client.abort();
};

/** Each row of the table in docs/client.md: the last step of `go` makes the change. */
const rows: readonly [
  change: string,
  when: string,
  go: (link: Link) => unknown,
  options?: Options,
  refuses?: boolean,
][] = [
  ['created → opening', 'something needs the session', ({ client }) => void client.open()],
  ['created → closed', 'it is closed before', ({ client }) => client.close()],
  ['opening → opened', 'the service lets the client in', ({ client }) => client.open()],
  ['opening → closed', 'it is aborted before', ({ client }) => abortWhileOpening(client)],
  ['opening → faulted', 'the service turns the client away', ({ client }) => client.open().catch(() => {}), {}, true],
  ['opened → resuming', 'the connection breaks', cutAfterOpening],
  [
    'opened → closing',
    'either side asks for it while a call still runs',
    async ({ client }) => {
      await client.open();
      client.service.echo().catch(() => {});
      void client.close();
    },
  ],
  [
    'opened → closed',
    'either side aborts',
    async ({ client }) => {
      await client.open();
      client.abort();
    },
  ],
  [
    'opened → faulted',
    'the connection breaks and sessions do not outlive it',
    cutAfterOpening,
    { client: { resumeWindowMs: 0 }, host: { resumeWindowMs: 0 } },
  ],
  [
    'resuming → opened',
    'it is back',
    async (link) => {
      await cutAfterOpening(link);
      link.restore();
    },
  ],
  [
    'resuming → closing',
    'the client asks for it',
    async (link) => {
      await cutAfterOpening(link);
      void link.client.close();
    },
  ],
  [
    'resuming → closed',
    'it is aborted',
    async (link) => {
      await cutAfterOpening(link);
      link.client.abort();
    },
  ],
  [
    'resuming → faulted',
    'it was away for too long',
    async (link) => {
      await cutAfterOpening(link);
      await link.clock.advance(120_000);
    },
  ],
  [
    'closing → closed',
    'both sides have said and heard everything',
    async ({ client }) => {
      await client.open();
      await client.close();
    },
  ],
  [
    'closing → faulted',
    'that takes longer than `closeTimeoutMs`',
    async ({ client, clock }) => {
      await client.open();
      client.service.echo().catch(() => {});
      void client.close();
      await clock.advance(10_000);
    },
  ],
];

describe('the status of a client goes', () => {
  it.each(rows)('%s when %s', async (change, _, go, options, refuses) => {
    await using link = await make(options, refuses);
    const statuses = record(link.client.status$);
    await go(link);
    await link.settle();
    const changes = statuses.slice(1).map((status, index) => `${statuses[index]} → ${status}`);
    expect(changes).toContain(change);
  });
});

describe('a subscriber that ends the client', () => {
  const legal = new Set(rows.map(([change]) => change));
  const statuses = ['opening', 'opened', 'resuming', 'closing'] as const;
  const cases = statuses.flatMap((status) =>
    (['close', 'abort'] as const).flatMap((how) =>
      (['fault', 'renew'] as const).map((onLost) => ({ status, how, onLost })),
    ),
  );

  it.each(cases)('by $how() within `$status`, with $onLost, lets all hear the same changes, in order', async (how) => {
    await using link = await make({ client: { onLost: how.onLost, onSession: () => {} } });
    const { client } = link;
    const before = record(client.status$);
    client.status$.subscribe((status) => {
      if (status === how.status) void client[how.how]();
    });
    const after = record(client.status$);
    await client.open().catch(() => {});
    link.cut();
    await link.settle();
    link.restore();
    await link.settle();
    void client.close();
    await link.settle();
    expect(after).toEqual(before);
    expect(after.at(-1)).toBe('complete');
    const changes = after.slice(1, -1).map((status, index) => `${after[index]} → ${status}`);
    expect(changes.filter((change) => !legal.has(change))).toEqual([]);
    expect(after).toContain(how.status);
    expect(await client.closed).toMatchObject({ kind: expect.stringMatching(/closed|aborted/) });
  });

  it('keeps `onSession` from running in a session that is over', async () => {
    const sessions: unknown[] = [];
    await using link = await make({ client: { onSession: (session) => void sessions.push(session) } });
    link.client.status$.subscribe((status) => {
      if (status === 'opened') link.client.abort();
    });
    await link.client.open().catch(() => {});
    await link.settle();
    expect(sessions).toEqual([]);
  });
});
