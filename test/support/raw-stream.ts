import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { Hello, Terms, Welcome } from '../../src/gen/duplex/v1/session.js';
import { control, controlOf, decodeEnvelope, type Envelope, encodeEnvelope, faultOf, itemsOf } from './envelope.js';
import { eventually } from './observe.js';

const identity = (bytes: Buffer): Buffer => bytes;

/** How this client differs from the usual. */
export interface RawStreamOptions {
  readonly wireName?: string;
}

/** A stream of a wire service in the hands of a test, which may do with it what no correct client does. */
export class RawStream {
  /** What the service sent, oldest first. */
  readonly received: Envelope[] = [];
  /** The status with which the stream ended. */
  readonly status: Promise<StatusObject>;
  readonly #call;

  constructor(address: string, { wireName = 'testing.v1.EverythingDuplexService' }: RawStreamOptions = {}) {
    const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const call = client.makeBidiStreamRequest(`/${wireName}/Connect`, identity, identity, new Metadata(), {});
    this.#call = call;
    call.on('data', (bytes: Buffer) => this.received.push(decodeEnvelope(bytes)));
    call.on('error', () => {});
    this.status = new Promise((resolve) => call.on('status', resolve));
    onTestFinished(() => {
      call.cancel();
      client.close();
    });
  }

  /** Sends an envelope, or bytes as they are. */
  send(...frames: readonly (Envelope | Uint8Array)[]): this {
    for (const frame of frames) {
      const bytes = frame instanceof Uint8Array ? frame : encodeEnvelope(frame);
      this.#call.write(Buffer.from(bytes));
    }
    return this;
  }

  /** Opens a session and returns the Welcome. */
  async greet(hello: Partial<Omit<Hello, 'terms'>> & { readonly terms?: Partial<Terms> } = {}): Promise<Welcome> {
    this.send({ content: control({ $case: 'hello', value: helloOf(hello) }) });
    return eventually(() => {
      const welcome = this.received.map(controlOf).find((kind) => kind?.$case === 'welcome');
      if (welcome?.$case !== 'welcome') throw new Error('no Welcome yet');
      return welcome.value;
    });
  }

  /** The items received so far, without control messages. */
  get items(): readonly Envelope[] {
    return this.received.flatMap(itemsOf).filter(({ content }) => content?.number !== 16);
  }

  /** The control messages received so far. */
  get controls() {
    return this.received.map(controlOf).filter((kind) => kind !== undefined);
  }

  /** The fault that answered a call. */
  async faultOf(callId: number) {
    return eventually(() => {
      const answer = this.items.find(({ replyTo }) => replyTo === callId);
      const fault = answer && faultOf(answer);
      if (fault === undefined) throw new Error(`no fault for call ${callId} yet`);
      return fault;
    });
  }

  halfClose(): this {
    this.#call.end();
    return this;
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** Reads nothing from now on, so that the service's writes get stuck. */
  stopReading(): void {
    this.#call.pause();
  }
}

function helloOf({ terms, ...hello }: Parameters<RawStream['greet']>[0] & object): Hello {
  return {
    ...{ minVersion: 1, maxVersion: 1, contract: 'testing.v1.EverythingService', schema: '', attempt: 1, epoch: 0 },
    ...{ openNonce: new Uint8Array(), sessionId: new Uint8Array(), token: new Uint8Array(), features: [] },
    marks: undefined,
    credentials: undefined,
    ...hello,
    terms: terms && {
      ...{ frameBytes: 0, frameItems: 0, itemBytes: 0, windowItems: 0, windowBytes: 0, calls: 0, streamCredit: 0 },
      ...{ ttlMs: 0, pingMs: 0, pingTimeoutMs: 0 },
      ...terms,
    },
  };
}
