import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { Calculator } from './gen/calculator/v1/calculator_duplex.js';

const host = createHost();

// One handler object per session: each client has a calculator of its own.
host.add(
  Calculator,
  (session) => {
    const calculate = (symbol: string, n: number, operation: (result: number) => number) => {
      const { result } = session.state.update(({ result, equation }) => ({
        result: twelveDigits(operation(result)),
        equation: `${equation} ${symbol} ${n}`,
      }));
      session.callback.equals({ result });
    };
    return {
      addTo: ({ n }) => calculate('+', n, (result) => result + n),
      subtractFrom: ({ n }) => calculate('-', n, (result) => result - n),
      multiplyBy: ({ n }) => calculate('*', n, (result) => result * n),
      divideBy: ({ n }) => calculate('/', n, (result) => result / n),
      clear() {
        const { result, equation } = session.state.value;
        session.callback.equation({ equation: `${equation} = ${result}` });
        session.state.set({ result, equation: `${result}` });
      },
    };
  },
  { initialState: { result: 0, equation: '0' } },
);

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();

/** What a pocket calculator shows: 50 * 17.65 is 882.5 there, not 882.4999999999999. */
function twelveDigits(n: number): number {
  return Number(n.toPrecision(12));
}
