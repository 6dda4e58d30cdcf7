import { errorOfType } from '../../../test/support/expect-type';
import { algorithmsFor, examineKey, fingerprintOf, parseFound, parseHostKey } from './host-keys';

const ED = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILjssMdbk1tlv6o39eIc9K/Cw8L1zMlQGeR91tksGA6f';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGYpXulWenlXTCODTPMoFCq1wIFGLLKPi28NwgDGnTa/';
const nas = { user: 'root', host: 'nas1', port: 22 };

it('shows a fingerprint as ssh-keygen does', () => {
  expect(fingerprintOf(OTHER)).toBe('SHA256:YxdyfWMfUNKFV5b0LDrSderKfz7hrWaCwiQPpfz2NnE');
});

it('reads keys with or without a comment, and no others', () => {
  expect(parseHostKey(`${ED} root@nas1\n`)).toBe(ED);
  for (const text of ['', 'nas1', 'ssh-ed25519', 'ssh-ed25519 AAAA', ED.replace('ssh-ed25519', 'ssh-rsa')])
    expect(() => parseHostKey(text)).toThrow(errorOfType('InvalidSpec'));
});

it('reads every form of line that known_hosts has', () => {
  const found = parseFound(
    [
      '# Host nas1 found: line 1',
      `nas1,10.0.0.7 ${ED}`,
      `|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM= ${ED} a comment`,
      `@revoked * ${OTHER}`,
      `@cert-authority *.example.net ${OTHER}`,
      '',
    ].join('\n'),
  );
  expect(found).toEqual({ trusted: [ED, ED], revoked: [OTHER] });
});

it('asks a server for what can be verified, and never for signatures with SHA-1', () => {
  expect(algorithmsFor({ trusted: [ED], revoked: [] })).toEqual(['ssh-ed25519']);
  expect(algorithmsFor({ trusted: ['ssh-rsa AAAA'], revoked: [] })).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(algorithmsFor({ trusted: [], revoked: [] })).not.toContain('ssh-rsa');
});

it('says how to trust another key by the way in which the known one was given', () => {
  const known = { trusted: [OTHER], revoked: [] };
  expect(examineKey(nas, ED, known)?.details.hint).toContain('ssh-keygen -R');
  const pinned = examineKey(nas, ED, { ...known, isPinned: true })?.details.hint;
  expect(pinned).toContain(`--host-key '${ED}'`);
  expect(pinned).not.toContain('ssh-keygen -R');
});

it('trusts a known key alone', () => {
  expect(examineKey(nas, ED, { trusted: [ED], revoked: [] })).toBeUndefined();
  expect(examineKey(nas, ED, { trusted: [ED], revoked: [ED] })?.message).toMatch(/revoked/);
  expect(examineKey(nas, ED, { trusted: [OTHER], revoked: [] })?.message).toMatch(/not the one known/);
  expect(examineKey(nas, ED, { trusted: [], revoked: [] })?.message).toMatch(/is not known: SHA256:/);
});
