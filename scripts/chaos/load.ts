/** Text of a call: the name of its session and its number. */
export function labelOf(run: string, id: number): string {
  return `${run}:${id}`;
}

export function runIn(label: string): string {
  return label.slice(0, label.lastIndexOf(':'));
}

export function numberIn(label: string): number {
  return Number(label.slice(label.lastIndexOf(':') + 1));
}

const small = Buffer.alloc(40, 1);
const large = Buffer.alloc(20_000, 2);
const huge = Buffer.alloc(300_000, 3);

/** What note `index` carries: mostly little, sometimes more than a window of HTTP/2. */
export function payloadOf(index: number): Buffer {
  if (index % 997 === 0) return huge;
  return index % 61 === 0 ? large : small;
}
