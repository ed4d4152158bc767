import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DuplexError } from 'grpc-duplex';
import { testLink } from 'grpc-duplex/testing';
import { createApproval } from './approval.js';
import { Declined } from './gen/approval/v1/approval.js';
import { Approval } from './gen/approval/v1/approval_duplex.js';

test('a small payment is made at once, a large one when it is approved', async () => {
  const asked: string[] = [];
  await using link = await testLink(Approval, createApproval, {
    client: {
      handler: {
        confirm({ text }) {
          asked.push(text);
          return { ok: true };
        },
      },
    },
  });
  assert.deepEqual(await link.client.service.pay({ to: 'the baker', amount: 420 }), { receipt: 1 });
  assert.deepEqual(asked, []);
  assert.deepEqual(await link.client.service.pay({ to: 'the landlord', amount: 90_000 }), { receipt: 2 });
  assert.deepEqual(asked, ['Pay 900.00 to the landlord?']);
});

test('a payment that is declined fails with the reason', async () => {
  await using link = await testLink(Approval, createApproval, {
    client: { handler: { confirm: () => ({ ok: false, reason: 'too dear' }) } },
  });
  await assert.rejects(link.client.service.pay({ to: 'the landlord', amount: 90_000 }), (error) => {
    assert.deepEqual(DuplexError.from(error).detail(Declined), { reason: 'too dear' });
    return true;
  });
});

test('a question is taken back when the payment is given up', async () => {
  let taken: unknown;
  await using link = await testLink(Approval, createApproval, {
    client: {
      handler: {
        confirm: (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              taken = signal.reason;
              reject(signal.reason);
            });
          }),
      },
    },
  });
  const giveUp = new AbortController();
  const paid = link.client.service.pay({ to: 'the landlord', amount: 90_000 }, { signal: giveUp.signal });
  await link.settle();
  giveUp.abort();
  await assert.rejects(paid, { kind: 'cancelled' });
  await link.settle();
  assert.equal(DuplexError.from(taken).kind, 'cancelled');
});
