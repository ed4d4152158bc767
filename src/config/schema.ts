import { z } from 'zod';

const MAX_MS = 0xffff_ffff;

/** A whole number from `least` up. */
const count = (unit: string, least: number, most: number) =>
  z
    .int({ error: `expected a whole number of ${unit} from ${least} to ${most}` })
    .min(least)
    .max(most)
    .exactOptional();
const yesOrNo = () => z.boolean({ error: 'expected true or false' }).exactOptional();
const ms = (least = 1) => count('milliseconds', least, MAX_MS);
const text = (what: string) => z.string({ error: `expected ${what}` }).min(1, `expected ${what}`);
const path = (what: string) => text(`the path of ${what}, from the folder of this file`).exactOptional();

/** An object that has these keys and no others. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `no such key: there are ${known}` : 'expected an object'),
  });
}

const address = text('an address such as "localhost:50051"').describe(
  'host:port, [ipv6]:port, unix:path or dns:///name',
);
const contract = text('the full name of a service')
  .exactOptional()
  .describe('Full name of the service contract, such as calculator.v1.CalculatorService');
const common = {
  address,
  contract,
  closeTimeoutMs: ms().describe('How long closing in order may take'),
  resumeWindowMs: ms(0).describe('How long a session outlives its connection'),
  pingMs: ms().describe('After how much silence the session asks whether the peer is still there'),
  pingTimeoutMs: ms().describe('How long it waits for the answer'),
  includeErrorDetail: yesOrNo().describe('Whether the peer sees the text of errors that are no faults'),
  operationContext: z
    .union([z.boolean(), z.literal('auto')], { error: 'expected true, false or "auto"' })
    .exactOptional()
    .describe('Whether OperationContext.current() knows the call that runs'),
};

const endpoint = object({
  ...common,
  authority: text('the name of the service')
    .exactOptional()
    .describe('The name that the certificate has, where the address leads elsewhere'),
  tls: object({
    ca: path('the certificates of the authorities'),
    cert: path("the client's certificate"),
    key: path("the client's key"),
  })
    .exactOptional()
    .describe('Left out: plain text. Empty: the well-known authorities'),
  level: z.enum(['session', 'plain'], { error: 'expected "session" or "plain"' }).exactOptional(),
  openTimeoutMs: ms().describe('How long connecting and opening the session may take'),
  retryOpen: yesOrNo().describe('Whether a first attempt to connect that fails is repeated'),
  onLost: z.enum(['fault', 'renew'], { error: 'expected "fault" or "renew"' }).exactOptional(),
  renewWindowMs: ms().describe('How long to go on trying to open a new session after one was lost'),
  backoff: object({
    firstMs: ms(0).describe('The bound of the first wait'),
    maxMs: ms(0).describe('The bound that it doubles up to'),
  })
    .exactOptional()
    .describe('How attempts to connect again are spaced: a random time up to a bound that doubles'),
});

const service = object({
  ...common,
  tls: object({
    cert: text('the path of the certificate, from the folder of this file'),
    key: text('the path of the key, from the folder of this file'),
    clientCa: path('the certificates of the authorities that sign clients'),
  })
    .exactOptional()
    .describe('Left out: plain text. With clientCa clients have to show a certificate'),
  idleTimeoutMs: ms(0).describe('How long a session may go without any call; 0: for ever'),
  health: yesOrNo().describe("Whether the host answers gRPC's health checking service"),
  reflection: yesOrNo().describe("Whether the host answers gRPC's reflection service"),
  handshakeTimeoutMs: ms().describe('How long a client may take to open a session'),
  credentialsLeadMs: ms(0).describe('How long before its credentials end a client is asked for fresh ones; 0: never'),
  limits: object({
    sessions: count('sessions', 1, 1_000_000).describe('Sessions of the host'),
    sessionsPerPrincipal: count('sessions', 1, 1_000_000).describe('Sessions of one principal'),
    handshakes: count('streams', 1, 1_000_000).describe('Streams that have not said yet what they want'),
    calls: count('calls', 1, 1_000_000).describe('Calls with an answer that run in all sessions together'),
    callsPerSession: count('calls', 1, 1_000_000).describe('Calls of one session that run at a time, in `multiple`'),
    waitingPerSession: count('calls', 0, 1_000_000).describe('Calls of one session that wait for their turn'),
    streamsPerSession: count('streams', 1, 1_000_000).describe('Reply streams of one session'),
    instances: count('objects', 1, 1_000_000).describe('Objects that serve, of all services together'),
    heldBytes: count('bytes', 1, Number.MAX_SAFE_INTEGER).describe('Bytes that all sessions together hold'),
    retryAfterMs: ms().describe('When those who were refused should try again'),
  })
    .exactOptional()
    .describe('How much the host takes on; beyond it refuses with RESOURCE_EXHAUSTED'),
});

/** What `duplex.config.json` may say; the published JSON schema is made of it. */
export const configSchema = object({
  $schema: z.string().exactOptional(),
  endpoints: z
    .record(z.string(), endpoint, { error: 'expected an object of endpoints by their names' })
    .exactOptional(),
  services: z.record(z.string(), service, { error: 'expected an object of services by their names' }).exactOptional(),
});

/** An endpoint as the file has it. */
export type EndpointEntry = z.infer<typeof endpoint>;

/** A service as the file has it. */
export type ServiceEntry = z.infer<typeof service>;

/** The JSON schema for editors. */
export function jsonSchema(): object {
  return { title: 'duplex.config.json', ...z.toJSONSchema(configSchema, { target: 'draft-7' }) };
}
