import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { checkAddress, grpcTarget } from '../../../src/transport/grpc/address.js';
import { thrownBy } from '../../support/thrown-by.js';

describe('an address', () => {
  it.each([
    'localhost:50051',
    '127.0.0.1:0',
    '[::1]:443',
    '[fe80::1%eth0]:443',
    'my-host.example.com:65535',
    'unix:/run/service.sock',
    'unix:///run/service.sock',
    'dns:///service.example.com:443',
    'ipv4:10.0.0.1:443',
  ])('is taken as it is: %s', (address) => {
    expect(checkAddress(address)).toBe(address);
  });

  it.each([
    '',
    ' ',
    'localhost',
    'localhost:',
    ':50051',
    'localhost:http',
    'localhost:65536',
    'localhost:-1',
    'localhost:50051 ',
    'local host:50051',
    'localhost:50051/path',
    'user@localhost:50051',
    '::1:50051',
    '[::1]',
    'http://localhost:50051',
    'https://localhost:50051',
  ])('that cannot be one is refused by name: "%s"', (address) => {
    const error = thrownBy(() => checkAddress(address));
    expect(error).toMatchObject({ kind: 'unavailable', code: Code.INVALID_ARGUMENT, origin: 'local' });
    expect(error).toHaveProperty('message', expect.stringContaining(`"${address}"`));
  });

  it('with the scheme of a browser is refused with a hint', () => {
    expect(thrownBy(() => checkAddress('http://localhost:50051'))).toHaveProperty(
      'message',
      expect.stringContaining('leave out the scheme'),
    );
  });

  it.each([
    ['127.0.0.1:50051', 'ipv4:127.0.0.1:50051'],
    ['[::1]:443', 'ipv6:[::1]:443'],
    ['[fe80::1%eth0]:443', 'ipv6:[fe80::1%eth0]:443'],
    ['localhost:50051', 'localhost:50051'],
    ['1.2.3.4.5:50051', '1.2.3.4.5:50051'],
    ['[1::2::3]:443', '[1::2::3]:443'],
    ['unix:/run/service.sock', 'unix:/run/service.sock'],
    ['dns:127.0.0.1:50051', 'dns:127.0.0.1:50051'],
  ])('that is one of IP already needs no resolver: %s is dialled as %s', (address, target) => {
    expect(grpcTarget(address)).toBe(target);
  });

  it('that cannot be one is not dialled', () => {
    expect(thrownBy(() => grpcTarget('localhost'))).toMatchObject({ code: Code.INVALID_ARGUMENT });
  });
});
