import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Code, Fault, type Logger } from 'grpc-duplex';
import { testLink } from 'grpc-duplex/testing';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLogger, format, transports } from 'winston';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { rejectionOf } from '../support/thrown-by.js';

/** A stream that keeps what is written to it. */
function sink(): { readonly stream: Writable; text(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}

/** What each of them makes of a session that opens, and of one that is refused. */
async function log(logger: Logger): Promise<void> {
  let isOpen = true;
  const make = (): Everything.Handler => {
    if (isOpen) return partly({});
    throw new Fault(Code.PERMISSION_DENIED, 'members only');
  };
  await using link = await testLink(Everything, make, { host: { logger } });
  await link.client.open();
  isOpen = false;
  await rejectionOf(link.connect().open());
}

const opened = {
  event: 'session.opened',
  side: 'service',
  message: expect.stringMatching(/^session \w{8} of .* is open$/),
};
const refused = { event: 'session.refused', code: 'PERMISSION_DENIED', reason: 'members only' };

test('pino takes records as they are', async () => {
  const { stream, text } = sink();
  await log(pino({ messageKey: 'message' }, stream));
  const lines = text()
    .split('\n')
    .slice(0, 2)
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: 30, ...opened },
    { level: 40, ...refused },
  ]);
});

test('winston takes records as they are', async () => {
  const { stream, text } = sink();
  await log(createLogger({ format: format.json(), transports: [new transports.Stream({ stream })] }));
  const lines = text()
    .split('\n')
    .slice(0, 2)
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: 'info', ...opened },
    { level: 'warn', ...refused },
  ]);
});

test('console takes records as they are', async () => {
  const { stream, text } = sink();
  await log(new Console(stream));
  expect(text()).toContain("event: 'session.opened'");
  expect(text()).toContain("reason: 'members only'");
});
