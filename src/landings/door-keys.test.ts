import { makeDoorLines, parsePublicKeys } from './door-keys';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBc0ptE0tPjFsZJ2DHxDQYUFEPBbTWzsuRgFdMUiwYcA';

test('keys are taken one a line, whatever they are called, each once', () => {
  const rsa = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==';
  expect(parsePublicKeys(`# of the NAS\n${KEY} nas@example\n\n${rsa}\r\n${KEY} again\n`, '/x')).toEqual([
    KEY,
    rsa,
  ]);
});

test.each([
  ['an option before its key', `command="sh" ${KEY}`],
  ['no key', 'hello'],
  ['a certificate', KEY.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com')],
])('a line with %s is refused by its number', (_, line) => {
  expect(() => parsePublicKeys(`${KEY}\n${line}\n`, '/x')).toThrow('/x: line 2 is no public key');
});

test('a file without a key is refused', () => {
  expect(() => parsePublicKeys('# none\n', '/x')).toThrow('/x has no public key');
});

test('a line runs one command for its key, and quotes what a shell or sshd would take apart', () => {
  expect(makeDoorLines([KEY], 'door:x', ['/usr/bin/node', '/a b/"c"', "it's"])).toBe(
    `restrict,command="'env' 'TIDEMARK_ATTEMPT=door:x' '/usr/bin/node' '/a b/\\"c\\"' 'it'\\''s'" ${KEY}\n`,
  );
});
