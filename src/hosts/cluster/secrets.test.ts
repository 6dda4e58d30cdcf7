import type { Runner } from '../contract';
import type { ClusterApi } from './contract';
import { makeSecretCredentials, variablesOf } from './secrets';

test('a key is put where ssh runs, in a file of its own, with host keys beside it', async () => {
  const written = new Map<string, { content: string; mode: number | undefined }>();
  const write = (path: string, content: string, mode?: number) =>
    Promise.resolve(void written.set(path, { content, mode }));
  const at = { runner: { files: { write } } as unknown as Runner, namespace: 'shop' };
  const { key, knownHosts, pinnedIn } = await makeCredentials({
    'ssh-privatekey': 'a key',
    known_hosts: 'nas ssh-ed25519 AAAA\n',
  }).findKey('wiki', at);
  expect(written.get(key)).toEqual({ content: 'a key\n', mode: 0o600 });
  expect(written.get(knownHosts)).toEqual({ content: 'nas ssh-ed25519 AAAA\n', mode: 0o600 });
  expect(pinnedIn).toBe('the field known_hosts of Secret shop/wiki');
  await expect(makeCredentials({ known_hosts: '' }).findKey('wiki', at)).rejects.toMatchObject({
    message: 'credentials wiki: Secret shop/wiki has no key',
  });
});

test('the Secrets of VolSync are taken as they are: who pushes, and whose host key it pins at whatever address', async () => {
  const written = new Map<string, string>();
  const write = (path: string, content: string) => Promise.resolve(void written.set(path, content));
  const at = { runner: { files: { write } } as unknown as Runner, namespace: 'shop' };
  const theirs = {
    source: 'a key',
    'source.pub': 'ssh-rsa AAAA',
    'destination.pub': 'ssh-rsa BBBB root@pod\n',
  };
  const { key, knownHosts, pinnedIn } = await makeCredentials(theirs).findKey('wiki', at);
  expect(written.get(key)).toBe('a key\n');
  expect(written.get(knownHosts)).toBe('* ssh-rsa BBBB\n');
  expect(pinnedIn).toBe('the field destination.pub of Secret shop/wiki');
  const { source: _source, ...ours } = { ...theirs, destination: 'host key' };
  const door = await makeCredentials(ours).findDoorKeys('wiki', at);
  expect(written.get(door.authorizedKeys)).toBe('ssh-rsa AAAA\n');
  expect(written.get(door.hostKey ?? '')).toBe('host key\n');
  await expect(makeCredentials(theirs).findDoorKeys('wiki', at)).rejects.toMatchObject({
    message: 'credentials wiki: Secret shop/wiki has no field destination (or host_key)',
  });
});

test('a key that both ends share is taken as VolSync has it, and one that stunnel would not take is refused', async () => {
  const written = new Map<string, string>();
  const write = (path: string, content: string) => Promise.resolve(void written.set(path, content));
  const at = { runner: { files: { write } } as unknown as Runner, namespace: 'shop' };
  const key = `volsync:${'ab'.repeat(64)}`;
  const file = await makeCredentials({ 'psk.txt': `\n${key}\r\n` }).findSharedKey('wiki', at);
  expect(written.get(file)).toBe(`${key}\n`);
  for (const [text, objection] of [
    ['', 'is empty'],
    ['volsync', 'has a line that is not IDENTITY:KEY'],
    [`volsync:${'ab'.repeat(8)}`, 'has a key of less than 16 bytes, which are 32 hexadecimal digits'],
  ] as const)
    await expect(makeCredentials({ 'psk.txt': text }).findSharedKey('wiki', at)).rejects.toMatchObject({
      type: 'AuthRejected',
      message: `credentials wiki: the field psk.txt of Secret shop/wiki ${objection}`,
    });
});

const base64 = (fields: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );

/** A cluster that has one Secret, `shop/wiki`. */
function makeCredentials(fields: Record<string, string>) {
  const read = ({ metadata: { namespace, name } }: { metadata: { namespace?: string; name: string } }) =>
    Promise.resolve(namespace === 'shop' && name === 'wiki' ? { data: base64(fields) } : undefined);
  return makeSecretCredentials({ name: 'east', api: { read } as unknown as ClusterApi });
}

test('fields are variables by their names, and rclone.conf is what it says', () => {
  const config = '[store]\ntype = s3\nsecret_access_key = k\n';
  expect(variablesOf({ RESTIC_PASSWORD: 'p', 'ca.crt': '---', 'rclone.conf': config })).toEqual({
    RESTIC_PASSWORD: 'p',
    RCLONE_CONFIG_STORE_TYPE: 's3',
    RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: 'k',
  });
});

test('a Secret is that of the namespace which is asked for', async () => {
  const credentials = makeCredentials({ RESTIC_PASSWORD: 'p' });
  await expect(credentials.readVariables('wiki', 'shop')).resolves.toEqual({ RESTIC_PASSWORD: 'p' });
  await expect(credentials.readVariables('wiki', 'spare')).rejects.toMatchObject({
    type: 'AuthRejected',
    message: 'credentials wiki: there is no Secret wiki in namespace spare',
  });
  await expect(credentials.readVariables('wiki')).rejects.toMatchObject({
    message: expect.stringContaining('nothing says in which namespace') as unknown,
  });
});

test('a Secret that sets nothing is told of, with what it is to have', async () => {
  await expect(makeCredentials({ 'ca.crt': '' }).readVariables('wiki', 'shop')).rejects.toMatchObject({
    message: 'credentials wiki: Secret shop/wiki sets nothing',
  });
});
