// @ts-check
import { cutProxy } from './duplex/cut-proxy.mjs';
import { duplexPeer } from './duplex/duplex-peer.mjs';

const CUT_EVERY_MS = 100;

const checked = duplexPeer('grpc-duplex-checked', ['sendTicks', 'receiveTicks', 'increment', 'countUp', 'haul'], {
  isChecked: true,
});

/**
 * This library over a connection that is cut all the time. Both sides check
 * every message: it must be the one that is due. Anything else ends the run.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  ...checked,
  onlyIfAsked: true,
  async client(address) {
    const proxy = await cutProxy(address);
    const client = /** @type {Required<import('../types.js').BenchClient>} */ (await checked.client(proxy.address));
    const seen = { up: 0, down: 0, calls: 0, cuts: 0 };
    let running = 0;
    const cutting = setInterval(() => {
      if (running > 0 && proxy.cut()) seen.cuts += 1;
    }, CUT_EVERY_MS);
    /** @template Result @param {Promise<Result>} run */
    const during = async (run) => {
      running += 1;
      const result = await run;
      running -= 1;
      return result;
    };
    return {
      sendTicks(count) {
        seen.up += count;
        return during(client.sendTicks(count));
      },
      haul(count, bytes) {
        seen.up += count;
        return during(client.haul(count, bytes));
      },
      receiveTicks(count) {
        seen.down += count;
        return during(client.receiveTicks(count));
      },
      countUp(count) {
        seen.down += count;
        return during(client.countUp(count));
      },
      async increment(value) {
        // Numbered on over all rounds: the service wants them so.
        const due = seen.calls++;
        const reply = await during(client.increment(due));
        return { value: reply.value - due + value };
      },
      async close() {
        clearInterval(cutting);
        await client.close();
        proxy.close();
        const { up, down, calls, cuts } = seen;
        return `each once and in order over ${cuts} cuts: ${up} messages up, ${down} down, ${calls} calls`;
      },
    };
  },
};
