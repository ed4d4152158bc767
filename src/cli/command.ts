/** Where a command runs, and where its lines go: the process, or a test. */
export interface CommandHost {
  /** The folder from which paths are read, and shown. */
  readonly cwd: string;
  /** What the command is asked for. */
  out(line: string): void;
  /** What went wrong. */
  err(line: string): void;
  /** Ends a command that would otherwise go on, such as one that watches. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One command of `duplex`. Resolves to the exit code: 0, or 1 where it found
 * something wrong. Rejects with a {@link UsageError} where it could not start.
 */
export type Command = (args: readonly string[], host: CommandHost) => Promise<number>;

/** A wrong command line, or something missing on the machine; the message is all that the user needs to see. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs `parse`, and takes what `node:util`'s parseArgs complains about as a {@link UsageError}. */
export function parseCommand<Parsed>(command: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${message}\nduplex ${command} --help shows the options.`);
  }
}
