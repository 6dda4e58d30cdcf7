import { errorOfType } from '../../test/support/expect-type';
import type { Landing } from './contract';
import { chooseCiphers, keyFolder, makeSshConfig } from './ssh-client';

const landing: Landing = {
  id: 'wiki/beta',
  address: '192.0.2.7',
  port: 2222,
  user: 'root',
  hostKeys: [],
  expiresAt: '2026-11-21T08:00:00Z',
};

describe('makeSshConfig', () => {
  it('names the landing and trusts nothing but the pinned key', () => {
    const lines = makeSshConfig(landing, 'aes128-ctr').split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'HostName 192.0.2.7',
        'Port 2222',
        'User root',
        'StrictHostKeyChecking yes',
        'UserKnownHostsFile ./known_hosts',
        'GlobalKnownHostsFile none',
        'IdentitiesOnly yes',
        'BatchMode yes',
      ]),
    );
  });

  it.each([
    { address: '-oProxyCommand=x' },
    { address: 'host\nProxyCommand x' },
    { address: 'a b' },
    { address: '' },
    { user: 'root\nLocalCommand x' },
    { user: '-l' },
    { port: 0 },
    { port: 1.5 },
  ])('refuses a landing that could become an option: %j', (change) => {
    expect(() => makeSshConfig({ ...landing, ...change }, 'aes128-ctr')).toThrow(errorOfType('InvalidSpec'));
  });

  it('takes names and both families of addresses', () => {
    for (const address of ['beta.example', '192.0.2.7', '2001:db8::7', '::1', 'localhost']) {
      expect(makeSshConfig({ ...landing, address }, 'x')).toContain(`HostName ${address}\n`);
    }
  });

  it('takes the short key exchange on loopback alone', () => {
    expect(makeSshConfig({ ...landing, address: '127.0.0.1' }, 'x')).toContain('KexAlgorithms');
    expect(makeSshConfig(landing, 'x')).not.toContain('KexAlgorithms');
  });
});

describe('chooseCiphers', () => {
  it('puts AES first where the processor has instructions for it', () => {
    expect(chooseCiphers('processor\t: 0\nflags\t\t: fpu sse aes avx\n')).toMatch(/^aes128-gcm/);
    expect(chooseCiphers('Features\t: fp asimd aes pmull\n')).toMatch(/^aes128-gcm/);
  });

  it('puts ChaCha20 first elsewhere', () => {
    expect(chooseCiphers('flags\t\t: fpu sse vaes-not\n')).toMatch(/^chacha20/);
    expect(chooseCiphers('')).toMatch(/^chacha20/);
  });
});

it('keeps the folder of a key inside the home, whatever it is called', () => {
  expect(keyFolder('/home', { relationship: '../x', target: 'a/b' })).toBe('/home/transfers/..%2Fx/a%2Fb');
});
