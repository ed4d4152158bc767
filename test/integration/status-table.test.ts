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
