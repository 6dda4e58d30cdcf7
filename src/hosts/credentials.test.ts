import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCredentials } from './credentials';
import { makeLocalHost } from './local';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-credentials-'));
  await mkdir(join(folder, 'nas'));
  await writeFile(join(folder, 'nas', 'key'), 'a key', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const AT = { runner: makeLocalHost({ name: 'alpha', home: '/nowhere' }) };
const find = (isHere?: boolean) => makeCredentials('alpha', folder, isHere).findKey('nas', AT);
const refused = (message: RegExp) => ({
  type: 'AuthRejected',
  message: expect.stringMatching(message) as unknown,
  details: { host: 'alpha', hint: expect.any(String) as unknown },
});

it('a key stays where it is, and is told by its path; host keys may not be there yet', async () => {
  expect(await find()).toEqual({
    key: join(folder, 'nas', 'key'),
    knownHosts: join(folder, 'nas', 'known_hosts'),
    pinnedIn: join(folder, 'nas', 'known_hosts'),
  });
});

it('a key that others may read is refused, and host keys that others may change', async () => {
  await chmod(join(folder, 'nas', 'key'), 0o640);
  await expect(find()).rejects.toMatchObject(refused(/^credentials nas: others may read .*key$/));
  await chmod(join(folder, 'nas', 'key'), 0o600);
  await writeFile(join(folder, 'nas', 'known_hosts'), '');
  await chmod(join(folder, 'nas', 'known_hosts'), 0o664);
  await expect(find()).rejects.toMatchObject(refused(/^credentials nas: others may change .*known_hosts$/));
});

it('a key is of no use where programs run on another machine', async () => {
  await expect(find(false)).rejects.toMatchObject(refused(/reaches its host from elsewhere$/));
});

it('an agent without credentials says so', async () => {
  await expect(makeCredentials('alpha', undefined).findKey('nas', AT)).rejects.toMatchObject(
    refused(/has none$/),
  );
});
