import type { Calculator } from './gen/calculator/v1/calculator_duplex.js';

/** Serves one session: each client has a calculator of its own. */
export function createCalculator(session: Calculator.Session): Calculator.Handler {
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
}

/** What a pocket calculator shows: 50 * 17.65 is 882.5 there, not 882.4999999999999. */
function twelveDigits(n: number): number {
  return Number(n.toPrecision(12));
}
