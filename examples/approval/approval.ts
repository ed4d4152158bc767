import { Code, Fault } from 'grpc-duplex';
import { Declined } from './gen/approval/v1/approval.js';
import type { Approval } from './gen/approval/v1/approval_duplex.js';

/** Amounts above this are asked back about, in cents. */
const LIMIT = 100_00;

/** Serves one client. */
export function createApproval(session: Approval.Session): Approval.Handler {
  let receipts = 0;
  return {
    async pay({ to, amount }, call) {
      if (amount > LIMIT) {
        session.callback.progressed({ text: 'waiting for approval' });
        const text = `Pay ${(amount / 100).toFixed(2)} to ${to}?`;
        // The answer may take a minute. If the client gives up the payment the question is taken back.
        const { ok, reason } = await session.callback.confirm({ text }, { signal: call.signal, timeoutMs: 60_000 });
        if (!ok) throw new Fault(Code.PERMISSION_DENIED, `declined: ${reason}`, [[Declined, { reason }]]);
      }
      receipts += 1;
      session.callback.progressed({ text: `paid ${to}` });
      return { receipt: receipts };
    },
  };
}
