import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, type ConnectOptions, connect, createChannelFactory, createHost, type HostOptions } from 'grpc-duplex';
import { jsonSchema, loadConfig } from 'grpc-duplex/config';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import type { EndpointEntry, ServiceEntry } from '../../../src/config/schema.js';
import { makeCertificate } from '../../support/certificate.js';
import { partly } from '../../support/everything.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../../support/gen/testing/v1/other_duplex.js';
import { thrownBy } from '../../support/thrown-by.js';

/** A folder with a configuration, and whatever files it names. */
function configured(config: unknown, files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'duplex-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const file = join(folder, 'duplex.config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return file;
}

/** The mistakes that are found in a configuration, without the name of its file. */
function mistakesIn(config: unknown, files?: Readonly<Record<string, string | Buffer>>): string[] {
  const file = configured(config, files);
  const error = thrownBy(() => loadConfig(file)) as Error;
  expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT });
  return error.message.split('\n').map((line) => {
    expect(line.startsWith(`${file}: `)).toBe(true);
    return line.slice(file.length + 2);
  });
}

const contract = Everything.name;

describe('a configuration file', () => {
  it('tells host and client where to meet, and how: over TLS, by the contract', async () => {
    const [server, client] = [makeCertificate(), makeCertificate()];
    const files = { 's.pem': server.cert, 's.key': server.key, 'c.pem': client.cert, 'c.key': client.key };
    const port = 20_000 + (process.pid % 20_000);
    const file = configured(
      {
        services: {
          all: {
            address: `localhost:${port}`,
            contract,
            tls: { cert: 's.pem', key: 's.key', clientCa: 'c.pem' },
            limits: { sessions: 1 },
          },
        },
        endpoints: {
          all: {
            address: `localhost:${port}`,
            contract,
            tls: { ca: 's.pem', cert: 'c.pem', key: 'c.key' },
            onLost: 'renew',
          },
          stranger: { address: `localhost:${port}`, tls: { ca: 's.pem' } },
        },
      },
      files,
    );
    const config = loadConfig(file);
    const { host: options, address, listen } = config.service(Everything);
    await using host = createHost(options);
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    await host.listen(address, listen);
    await using first = connect(Everything, config.endpoint(Everything), { onError: () => {} });
    await expect(first.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    const stranger = connect(Everything, config.endpoint('stranger'), { onError: () => {} });
    await expect(stranger.open()).rejects.toMatchObject({ kind: 'unavailable' });
    await using factory = createChannelFactory(Everything, { ...config.endpoint(Everything), onError: () => {} });
    await expect(factory.create().open()).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('names every mistake by its key, and says what it expects', () => {
    const endpoints = {
      a: { address: 'http://localhost:1', pingMs: 0, openTimeoutMs: '5s', color: 'red' },
      b: { contract: '', onLost: 'cry', tls: { ca: 'nowhere.pem' }, address: 'localhost:1' },
      c: [],
    };
    const services = { d: { address: 'localhost:1', tls: { cert: 'x' }, limits: { sessions: 1.5 } } };
    expect(mistakesIn({ endpoints, services, endpoint: {} }).sort()).toEqual([
      'endpoint: no such key: there are $schema, endpoints, services',
      expect.stringMatching(/^endpoints\.a\.color: no such key: there are address, contract, /),
      'endpoints.a.openTimeoutMs: expected a whole number of milliseconds from 1 to 4294967295',
      expect.stringMatching(/^endpoints\.a\.pingMs: .*1/),
      'endpoints.b.contract: expected the full name of a service',
      'endpoints.b.onLost: expected "fault" or "renew"',
      'endpoints.c: expected an object',
      'services.d.limits.sessions: expected a whole number of sessions from 1 to 1000000',
      'services.d.tls.key: expected the path of the key, from the folder of this file',
    ]);
  });

  it('names addresses, and files of certificates, that are of no use', () => {
    const endpoints = {
      a: { address: 'http://localhost:1' },
      b: { address: 'localhost:1', tls: { ca: 'nowhere.pem', cert: 'bad.pem', key: 'bad.pem' } },
      c: { address: 'localhost:1', tls: { cert: 'bad.pem', key: 'bad.pem' } },
    };
    expect(mistakesIn({ endpoints }, { 'bad.pem': 'no certificate' })).toEqual([
      expect.stringMatching(/^endpoints\.a\.address: "http:\/\/localhost:1" is not an address/),
      expect.stringMatching(/^endpoints\.b\.tls\.ca: ENOENT.*nowhere\.pem/),
      ...[expect.stringMatching(/^endpoints\.c\.tls: /)],
    ]);
  });

  it.each([
    ['is not JSON', '{ "endpoints": ', /^is not JSON: /],
    ['holds something else', '[]', /^the file: expected an object$/],
  ])('that %s is refused', (_, text, message) => {
    expect(mistakesIn(text)).toEqual([expect.stringMatching(message)]);
  });

  it('that is not there is refused by its name', () => {
    expect(thrownBy(() => loadConfig('/nowhere/duplex.config.json'))).toHaveProperty(
      'message',
      expect.stringContaining('/nowhere/duplex.config.json: cannot be read'),
    );
  });

  it('says which endpoints there are, if the one that is asked for is not', () => {
    const config = loadConfig(
      configured({ endpoints: { a: { address: 'localhost:1', contract }, b: { address: 'localhost:2', contract } } }),
    );
    expect(config.endpoint('b').address).toBe('localhost:2');
    expect(thrownBy(() => config.endpoint(Other))).toMatchObject({ code: Code.NOT_FOUND });
    expect(thrownBy(() => config.endpoint('x'))).toHaveProperty(
      'message',
      expect.stringContaining('(there are: a, b)'),
    );
    expect(thrownBy(() => config.endpoint(Everything))).toHaveProperty(
      'message',
      expect.stringContaining('ask by name'),
    );
    expect(thrownBy(() => config.service('x'))).toHaveProperty('message', expect.stringContaining('(there are: none)'));
  });

  it('has a key for every option that is a number, a word or a switch', () => {
    type Plain<Options> = {
      [Name in keyof Options]-?: NonNullable<Options[Name]> extends number | string | boolean ? Name : never;
    }[keyof Options];
    expectTypeOf<Exclude<Plain<ConnectOptions>, keyof EndpointEntry>>().toBeNever();
    expectTypeOf<Exclude<Plain<HostOptions>, keyof ServiceEntry>>().toBeNever();
  });

  it('says how long, how often and whether, and what is out of bounds there', async () => {
    const endpoint = { address: 'localhost:1', contract, backoff: { maxMs: 5_000 }, operationContext: true };
    const service = { address: 'localhost:0', contract, idleTimeoutMs: 0, health: true, reflection: true };
    const config = loadConfig(configured({ endpoints: { a: endpoint }, services: { a: service } }));
    expect(config.endpoint('a')).toMatchObject({ backoff: { maxMs: 5_000 }, operationContext: true });
    expect(connect(Everything, config.endpoint('a')).status).toBe('created');
    const { host, address } = config.service('a');
    await using made = createHost(host);
    made.add(Everything, () => partly({}));
    await made.listen(address);
    const endpoints = { a: { ...endpoint, backoff: { firstMs: -1 }, operationContext: 'often' } };
    expect(mistakesIn({ endpoints, services: { a: { ...service, health: 'yes', idleTimeoutMs: -1 } } })).toEqual([
      'endpoints.a.operationContext: expected true, false or "auto"',
      'endpoints.a.backoff.firstMs: expected a whole number of milliseconds from 0 to 4294967295',
      'services.a.idleTimeoutMs: expected a whole number of milliseconds from 0 to 4294967295',
      'services.a.health: expected true or false',
    ]);
  });

  it('has a JSON schema for editors, which knows every key', () => {
    expect(jsonSchema()).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: false,
      properties: {
        endpoints: {
          additionalProperties: { required: ['address'], properties: { openTimeoutMs: { type: 'integer' } } },
        },
      },
    });
  });
});
