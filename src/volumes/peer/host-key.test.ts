import { parseScan } from './host-key';

it('reads the keys that a server shows, whatever it is called', () => {
  const output =
    '# 127.0.0.1:2222 SSH-2.0-OpenSSH_9.2\n[127.0.0.1]:2222 ssh-ed25519 AAAAC3\nnas ssh-rsa AAAAB3 comment\n\n';
  expect(parseScan(output)).toEqual(['ssh-ed25519 AAAAC3', 'ssh-rsa AAAAB3']);
});
