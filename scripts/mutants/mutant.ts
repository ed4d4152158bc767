/** A bug that somebody made once, as a change of one place. */
export interface Mutant {
  /** What goes wrong. */
  readonly bug: string;
  readonly file: string;
  /** The text that is there once, and what stands in its place. */
  readonly find: string;
  readonly replace: string;
  /** The file of tests that finds it where the simulation and the tests of the engine do not get: real streams. */
  readonly foundBy?: string;
}

/** The file with the bug in it. Throws if the place is not there once: then the mutant has to be written anew. */
export function mutated(source: string, { bug, file, find, replace }: Mutant): string {
  if (source.split(find).length === 2) return source.replace(find, () => replace);
  throw new Error(`${bug}: ${file} has this text not once, so the mutant has to be written anew:\n${find}`);
}
