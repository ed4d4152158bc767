import { Code, DuplexError } from '../errors.js';
import type { Context, Header } from '../gen/duplex/v1/session.js';

/** A text, or any bytes where the name ends in `-bin`. */
export type HeaderValue = string | Uint8Array;

/** Headers of a call as its caller writes them, e.g. `{ tenant: 'acme' }`. Names are sent in lower case. */
export type CallHeadersInit = Readonly<Record<string, HeaderValue>>;

/** Headers of a call as its handler reads them, by their names in lower case. */
export type CallHeaders = ReadonlyMap<string, HeaderValue>;

/** The headers of one call: how many, and how many bytes their names and values have together. */
const MAX_HEADERS = 64;
const MAX_HEADER_BYTES = 8 * 1024;

const namePattern = /^[a-z0-9_.-]+$/;
const noHeaders: CallHeaders = new Map();

/** What accompanies a call: its headers, and the peer's call that it serves, if it does. */
export function contextOf(headers: CallHeadersInit | undefined, parentCall: number): Context {
  const context = {
    traceparent: '',
    tracestate: '',
    headers: headers === undefined ? [] : encode(headers),
    parentCall,
  };
  checkHeaders(context);
  return context;
}

/** Throws INVALID_ARGUMENT if a call has more headers than a call may have. */
export function checkHeaders({ headers }: Context): void {
  const bytes = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (headers.length <= MAX_HEADERS && bytes <= MAX_HEADER_BYTES) return;
  throw invalid(
    `${headers.length} headers of ${bytes} bytes are more than the ${MAX_HEADERS} of ${MAX_HEADER_BYTES} bytes that a call may have`,
  );
}

/** The headers in what accompanies a call. Texts under one name are joined by `, ` as in HTTP; of bytes the last count. */
export function headersOf(context: Context | undefined): CallHeaders {
  if (context === undefined || context.headers.length === 0) return noHeaders;
  const headers = new Map<string, HeaderValue>();
  for (const { name, value } of context.headers) {
    const before = headers.get(name);
    // Copied: a handler that keeps it must not keep the whole frame.
    const decoded = name.endsWith('-bin') ? Uint8Array.from(value) : new TextDecoder().decode(value);
    headers.set(name, typeof before === 'string' && typeof decoded === 'string' ? `${before}, ${decoded}` : decoded);
  }
  return headers;
}

function encode(headers: CallHeadersInit): Header[] {
  return Object.entries(headers).map(([given, value]) => {
    const name = given.toLowerCase();
    if (!namePattern.test(name)) throw invalid(`${JSON.stringify(given)} is no name of a header: a-z, 0-9, _ . -`);
    const isBinary = name.endsWith('-bin');
    if (isBinary !== value instanceof Uint8Array) {
      throw invalid(
        `the header ${name} is ${isBinary ? 'not bytes' : 'not a text'}: names of bytes end in -bin, no others do`,
      );
    }
    return { name, value: typeof value === 'string' ? new TextEncoder().encode(value) : value };
  });
}

function invalid(message: string): DuplexError {
  return new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}
