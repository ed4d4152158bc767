import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { connect, DuplexError } from 'grpc-duplex';
import { Declined } from './gen/approval/v1/approval.js';
import { Approval } from './gen/approval/v1/approval_duplex.js';

const terminal = createInterface({ input: stdin, output: stdout });

await using bank = connect(Approval, process.argv[2] ?? 'localhost:50051', {
  handler: {
    // The service waits for what the person at the terminal says; the signal tells that it no longer does.
    async confirm({ text }, { signal }) {
      const answer = await terminal.question(`${text} [y/n] `, { signal });
      return answer.startsWith('y') ? { ok: true } : { ok: false, reason: `the answer was "${answer}"` };
    },
  },
});
bank.callbacks.progressed$.subscribe(({ text }) => console.log(text));

for (const [to, amount] of [
  ['the baker', 4_20],
  ['the landlord', 900_00],
] as const) {
  try {
    const { receipt } = await bank.service.pay({ to, amount });
    console.log(`receipt ${receipt} for ${to}`);
  } catch (error) {
    const declined = DuplexError.from(error).detail(Declined);
    if (declined === undefined) throw error;
    console.log(`not paid to ${to}: ${declined.reason}`);
  }
}
terminal.close();
