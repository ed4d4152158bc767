import { Metadata } from '@grpc/grpc-js';
import { Code, DuplexError } from '../../errors.js';

type MetadataLike = Metadata | Readonly<Record<string, string>>;
type MetadataMaker = () => MetadataLike | PromiseLike<MetadataLike>;

/** Metadata of a stream: as it is, or from a function. */
export type MetadataSource = MetadataLike | MetadataMaker;

/** {@link MetadataSource}, checked as far as it can be before a stream is opened. */
export type ResolvedMetadata = Metadata | (() => Promise<Metadata>);

/**
 * Metadata as grpc-js takes it. Throws INVALID_ARGUMENT, or what the function
 * gives rejects with it, for a header that cannot be one. Errors name headers
 * and never show their values, which are tokens as a rule.
 */
export function resolveMetadata(source: MetadataSource = {}): ResolvedMetadata {
  if (typeof source !== 'function') return toMetadata(source);
  return async () => toMetadata(await source());
}

function toMetadata(like: MetadataLike): Metadata {
  if (like instanceof Metadata) return like;
  if (typeof like !== 'object' || like === null) {
    refuse('metadata is no object: give { name: text }, a Metadata of @grpc/grpc-js, or a function that gives one');
  }
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(like)) {
    if (!/^[\w.-]+$/.test(name)) refuse(`metadata "${name}": a name is of letters, digits, "-", "_" and "."`);
    if (name.toLowerCase().endsWith('-bin'))
      refuse(`metadata ${name} is bytes: give it in a Metadata of @grpc/grpc-js`);
    if (typeof value !== 'string') refuse(`metadata ${name} is no text`);
    if (!/^[\x20-\x7e]*$/.test(value)) {
      refuse(`metadata ${name}: its text has a line break or is not ASCII; trim it, or encode it`);
    }
    metadata.set(name, value);
  }
  return metadata;
}

function refuse(message: string): never {
  throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}
