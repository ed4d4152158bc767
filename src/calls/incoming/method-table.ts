import type { MethodInfo } from '../../contract/contract.js';

/** Arms start here, so the table starts here too. */
const FIRST_NUMBER = 100;
/** Beyond this an array would waste memory on gaps; explicit numbers may be anything. */
const DENSE_NUMBERS = 4_096;

const tables = new WeakMap<readonly MethodInfo[], MethodTable>();

/** Methods by their field number, as the hot path looks them up, and by name. One table serves any number of sessions. */
export class MethodTable {
  readonly methods: readonly MethodInfo[];
  readonly #dense: (MethodInfo | undefined)[] = [];
  readonly #sparse = new Map<number, MethodInfo>();
  readonly #byName: ReadonlyMap<string, MethodInfo>;

  /** The table of these methods, which all clients of a contract share. */
  static of(methods: readonly MethodInfo[]): MethodTable {
    const known = tables.get(methods);
    if (known !== undefined) return known;
    const table = new MethodTable(methods);
    tables.set(methods, table);
    return table;
  }

  constructor(methods: readonly MethodInfo[]) {
    this.methods = methods;
    this.#byName = new Map(methods.map((method) => [method.name, method]));
    const highest = Math.max(0, ...methods.map(({ number }) => number - FIRST_NUMBER).filter((n) => n < DENSE_NUMBERS));
    this.#dense = new Array<MethodInfo | undefined>(highest + 1).fill(undefined);
    for (const method of methods) {
      const index = method.number - FIRST_NUMBER;
      if (index < DENSE_NUMBERS) this.#dense[index] = method;
      else this.#sparse.set(method.number, method);
    }
  }

  get(number: number): MethodInfo | undefined {
    return this.#dense[number - FIRST_NUMBER] ?? this.#sparse.get(number);
  }

  /** A method by the name that the contract has for it. */
  named(name: string): MethodInfo | undefined {
    return this.#byName.get(name);
  }
}
