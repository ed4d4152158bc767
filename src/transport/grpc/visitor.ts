import type { PeerCertificate } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';

/** The metadata that is text; of entries with one name the first. */
export function headersOf(metadata: Metadata): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata.getMap());
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The client's certificate. grpc-js shows it only if an authority that the server knows has signed it. */
export function certificateOf(call: {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}): PeerCertificate | undefined {
  return call.getAuthContext().sslPeerCertificate;
}
