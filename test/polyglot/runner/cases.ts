import { readFileSync } from 'node:fs';
import { Code } from 'grpc-duplex';
import { parse } from 'yaml';

/** An envelope in the JSON form of protobuf. */
export type EnvelopeJson = Readonly<Record<string, unknown>>;

/** One line of a conversation: C is what the client does, S what must come from the service. */
export type Line =
  | { readonly C: EnvelopeJson | 'half-close' | 'cancel' }
  | { readonly S: EnvelopeJson | keyof typeof Code };

/** One case of cases.yaml, where its fields are explained. */
export interface Case {
  readonly name: string;
  readonly conversation: readonly Line[];
  readonly service: 'usual' | 'older' | 'newer' | 'leaving' | 'guarded';
  readonly through: 'plain' | 'cut' | 'tls' | 'mtls';
  /** Whom the client trusts, and who it is, where there is TLS. */
  readonly trusts: 'ours' | 'other';
  readonly as: 'somebody' | 'nobody';
  readonly metadata: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly session: string | undefined;
}

const defaults: Omit<Case, 'name' | 'conversation'> = {
  service: 'usual',
  through: 'plain',
  trusts: 'ours',
  as: 'somebody',
  metadata: {},
  deadlineMs: 0,
  session: undefined,
};

/** Reads a file of cases. Throws for one without an end, which a client would wait for in vain. */
export function readCases(file: string): readonly Case[] {
  const cases = parse(readFileSync(file, 'utf8')) as readonly Partial<Case>[];
  return cases.map((given) => {
    const { name = '', conversation = [] } = given;
    const last = conversation.at(-1);
    if (last === undefined || !('S' in last) || typeof last.S !== 'string')
      throw new Error(`${file}: "${name}" does not end with the service's status`);
    return { ...defaults, ...given, name, conversation };
  });
}

/** What must come from the service, in order. */
export function expectedOf({ conversation }: Case): { envelopes: readonly EnvelopeJson[]; code: Code } {
  const told = conversation.flatMap((line) => ('S' in line ? [line.S] : []));
  return {
    envelopes: told.filter((line) => typeof line !== 'string'),
    code: Code[told.at(-1) as keyof typeof Code],
  };
}
