import { execFileSync } from 'node:child_process';
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Case, EnvelopeJson } from './cases.js';

/** What came of a script, as a client reports it. */
export interface Report {
  readonly received: readonly EnvelopeJson[];
  readonly code: number;
  readonly message: string;
}

/** What a script has to know beside the conversation. */
export interface Dialling {
  readonly address: string;
  readonly tls?: { readonly ca: Buffer; readonly certificate?: Buffer; readonly key?: Buffer };
}

/** The messages between the runner and its clients, by the descriptors of the protos alone. */
export class Messages {
  readonly #registry: FileRegistry;

  /** Compiles the protos below `root`. */
  constructor(root: string) {
    const image = execFileSync('buf', ['build', '--output', '-#format=binpb'], { cwd: root, maxBuffer: 2 ** 26 });
    this.#registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
  }

  /** The bytes of the script that plays the client's part of a case. */
  script({ conversation, metadata, deadlineMs }: Case, { address, tls }: Dialling): Uint8Array {
    const steps = conversation.flatMap((line): object[] => {
      if ('S' in line) return typeof line.S === 'string' ? [] : [{ receive: {} }];
      if (line.C === 'half-close') return [{ halfClose: {} }];
      if (line.C === 'cancel') return [{ cancel: {} }];
      const { replyTo, ...rest } = line.C;
      return [replyTo === 'question' ? { reply: rest } : { send: line.C }];
    });
    const files = Object.entries(tls ?? {}).map(([name, pem]) => [name, pem.toString('base64')]);
    const json = { address, metadata, deadlineMs, steps, ...(tls && { tls: Object.fromEntries(files) }) };
    const desc = this.#message('polyglot.v1.Script');
    return toBinary(desc, fromJson(desc, json as JsonValue, { registry: this.#registry }));
  }

  /** Reads what a client wrote; every field is there, also those with their default. */
  report(bytes: Uint8Array): Report {
    const desc = this.#message('polyglot.v1.Report');
    const options = { registry: this.#registry, alwaysEmitImplicit: true };
    return toJson(desc, fromBinary(desc, bytes), options) as unknown as Report;
  }

  #message(name: string): DescMessage {
    const desc = this.#registry.getMessage(name);
    if (desc === undefined) throw new Error(`no message ${name} among the protos`);
    return desc;
  }
}
