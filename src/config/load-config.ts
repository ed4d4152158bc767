import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Endpoint } from '../client/connect.js';
import type { AnyContract } from '../contract/contract.js';
import { Code, DuplexError, textOf } from '../errors.js';
import type { HostOptions } from '../server/options.js';
import { checkAddress } from '../transport/grpc/address.js';
import type { ListenOptions } from '../transport/grpc/listener.js';
import { clientTls, serverTls } from '../transport/grpc/tls.js';
import { configSchema, type EndpointEntry, type ServiceEntry } from './schema.js';

/** How to serve a contract, as the file says. */
export interface ConfiguredService {
  /** For `createHost`. */
  readonly host: HostOptions;
  readonly address: string;
  /** For `host.listen`. */
  readonly listen: ListenOptions;
}

/** A `duplex.config.json` that was read. */
export interface DuplexConfig {
  /**
   * The endpoint of this name, or the one for this contract: what `connect` and
   * `createChannelFactory` take. Throws NOT_FOUND, naming those that there are.
   */
  endpoint(which: string | AnyContract): Endpoint;
  /** The service of this name, or the one for this contract. Throws NOT_FOUND. */
  service(which: string | AnyContract): ConfiguredService;
}

/**
 * Reads endpoints and services from a file. Throws INVALID_ARGUMENT with every
 * mistake in it, each named by file, key and what was expected.
 *
 * @example
 * const config = loadConfig();
 * const calculator = connect(Calculator, config.endpoint(Calculator));
 */
export function loadConfig(file = 'duplex.config.json'): DuplexConfig {
  const mistakes: string[] = [];
  const parsed = configSchema.safeParse(parse(file));
  for (const { path, message, input, ...issue } of parsed.error?.issues ?? []) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    for (const key of keys) mistakes.push(`${key.map(String).join('.') || 'the file'}: ${message}`);
  }
  const read = new Reader(dirname(resolve(file)), mistakes);
  const { endpoints = {}, services = {} } = parsed.data ?? {};
  const made = {
    endpoints: new Map(Object.entries(endpoints).map(([name, entry]) => [name, read.endpoint(name, entry)])),
    services: new Map(Object.entries(services).map(([name, entry]) => [name, read.service(name, entry)])),
  };
  if (mistakes.length > 0) throw invalid(mistakes.map((mistake) => `${file}: ${mistake}`).join('\n'));
  return {
    endpoint: (which) => find(file, 'endpoints', endpoints, made.endpoints, which),
    service: (which) => find(file, 'services', services, made.services, which),
  };
}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`${file}: cannot be read: ${textOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${file}: is not JSON: ${textOf(error)}`);
  }
}

/** Turns entries into options; what is wrong with them goes to `mistakes`. */
class Reader {
  readonly #folder: string;
  readonly #mistakes: string[];

  constructor(folder: string, mistakes: string[]) {
    this.#folder = folder;
    this.#mistakes = mistakes;
  }

  endpoint(name: string, { contract: _, tls, ...options }: EndpointEntry): Endpoint {
    const key = `endpoints.${name}`;
    this.#checkAddress(key, options.address);
    const credentials = tls && this.#credentials(`${key}.tls`, tls, clientTls);
    return { ...options, ...(credentials && { credentials }) };
  }

  service(name: string, { contract: _, tls, address, ...host }: ServiceEntry): ConfiguredService {
    const key = `services.${name}`;
    this.#checkAddress(key, address);
    const credentials =
      tls &&
      this.#credentials(`${key}.tls`, tls, ({ cert = empty, key: secret = empty, clientCa }) =>
        serverTls({ cert, key: secret, clientCa }),
      );
    return { host, address, listen: credentials ? { credentials } : {} };
  }

  #checkAddress(key: string, address: string): void {
    this.#attempt(`${key}.address`, () => checkAddress(address));
  }

  /** Credentials out of the files that an entry names. */
  #credentials<Paths extends Readonly<Record<string, string | undefined>>, Made>(
    key: string,
    paths: Paths,
    make: (pems: { readonly [Name in keyof Paths]?: Buffer }) => Made,
  ): Made | undefined {
    const pems: Record<string, Buffer | undefined> = {};
    for (const [name, file] of Object.entries(paths)) {
      if (file === undefined) continue;
      pems[name] = this.#attempt(`${key}.${name}`, () => readFileSync(resolve(this.#folder, file)));
      // What it would have made is not another mistake.
      if (pems[name] === undefined) return undefined;
    }
    return this.#attempt(key, () => make(pems as { readonly [Name in keyof Paths]?: Buffer }));
  }

  #attempt<Made>(key: string, make: () => Made): Made | undefined {
    try {
      return make();
    } catch (error) {
      this.#mistakes.push(`${key}: ${textOf(error)}`);
      return undefined;
    }
  }
}

const empty = Buffer.alloc(0);

function find<Made>(
  file: string,
  key: 'endpoints' | 'services',
  entries: Readonly<Record<string, { readonly contract?: string | undefined }>>,
  made: ReadonlyMap<string, Made>,
  which: string | AnyContract,
): Made {
  const wanted = typeof which === 'string' ? which : which.name;
  const names = Object.keys(entries);
  const fits = names.filter((name) => (typeof which === 'string' ? name : entries[name]?.contract) === wanted);
  const found = fits.length === 1 ? made.get(fits[0] ?? '') : undefined;
  if (found !== undefined) return found;
  const problem = fits.length > 1 ? `${fits.join(', ')} are all for ${wanted}: ask by name` : `nothing for ${wanted}`;
  const there = names.length > 0 ? names.join(', ') : 'none';
  throw new DuplexError('fault', `${file}: ${key}: ${problem} (there are: ${there})`, { code: Code.NOT_FOUND });
}

function invalid(message: string): DuplexError {
  return new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}
