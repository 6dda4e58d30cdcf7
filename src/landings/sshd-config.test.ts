import { errorOfType } from '../../test/support/expect-type';
import { makeSshdConfig } from './sshd-config';

const usual = {
  home: '/var/lib/tidemark',
  listenAddress: '127.0.0.1',
  port: 2222,
  user: 'root',
  usePam: false,
  path: '/bin',
};

describe('makeSshdConfig', () => {
  it('leaves public keys with forced commands as the only way in', () => {
    const config = makeSshdConfig(usual);
    for (const line of [
      'PasswordAuthentication no',
      'PermitRootLogin forced-commands-only',
      'DisableForwarding yes',
      'PermitTTY no',
    ]) {
      expect(config.split('\n')).toContain(line);
    }
  });

  it('takes a state folder with spaces and percent signs', () => {
    expect(makeSshdConfig({ ...usual, home: '/a b/100%' })).toContain(
      'AuthorizedKeysFile "/a b/100%%/sshd/authorized_keys"',
    );
  });

  it('refuses a state folder that could end the line', () => {
    for (const home of ['/a"b', '/a\nPermitTTY yes']) {
      expect(() => makeSshdConfig({ ...usual, home })).toThrow(errorOfType('InvalidSpec'));
    }
  });
});
