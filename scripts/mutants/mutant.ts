/** A bug that somebody made once, as a change of one place. */
export interface Mutant {
  /** What goes wrong. */
  readonly bug: string;
  readonly file: string;
  /** The text that is there once, and what stands in its place. */
  readonly find: string;
  readonly replace: string;
}
