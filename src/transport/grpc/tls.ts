import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';

/** What a client shows and trusts, as PEM. */
export interface ClientTls {
  /** Default: the well-known authorities. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

/** What a service shows, and whom it trusts, as PEM. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who signs clients; without it they need no certificate. */
  readonly clientCa?: Buffer | undefined;
}

/** Credentials of a client. Throws what grpc-js and Node say of certificates that are none. */
export function clientTls({ ca, key, cert }: ClientTls): ChannelCredentials {
  return credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
}

/** Credentials of a service. */
export function serverTls({ cert, key, clientCa }: ServerTls): ServerCredentials {
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ private_key: key, cert_chain: cert }],
    clientCa !== undefined,
  );
}
