/** `tidemark doctor` tries an agent's credentials on real repositories, and shows no secret. */
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCredentials } from '../../src/cli/doctor-credentials';
import { reservePorts } from '../support/hosts/ports';
import { addRcloneToPath, KEYS, type Served, serveS3, writeConfig } from '../support/stores/rclone';
import { addResticToPath, restic, writeCredentials } from '../support/stores/restic';

const SECRETS = ['correct horse', 'a guess', KEYS.secret];

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBc0ptE0tPjFsZJ2DHxDQYUFEPBbTWzsuRgFdMUiwYcA';

let folder: string;
let store: Served;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  addResticToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-doctor-test-'));
  addRcloneToPath();
  store = await serveS3(at('served'), (await reservePorts(1))[0] ?? 0);
  await mkdir(at('credentials'));
  await restic(at('repository'), 'correct horse', 'init');
});
afterAll(async () => {
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, RESTIC_REPOSITORY: string, RESTIC_PASSWORD: string) =>
  writeCredentials(at('credentials'), name, { RESTIC_REPOSITORY, RESTIC_PASSWORD });

it('tells what opens from a wrong password, a missing repository, and a store that is away', async () => {
  await write('a-good', at('repository'), 'correct horse');
  await write('b-wrong', at('repository'), 'a guess');
  await write('c-missing', at('nowhere'), 'correct horse');
  await write('d-away', 'rest:http://127.0.0.1:9/', 'correct horse');
  await writeCredentials(at('credentials'), 'e-keys', { RESTIC_PASSWORD: 'correct horse' });
  await write('f-open', at('repository'), 'correct horse');
  await chmod(at('credentials/f-open'), 0o640);
  await writeConfig(
    at('credentials'),
    'g-rclone',
    `${store.config}[away]\ntype = webdav\nurl = http://127.0.0.1:9\n`,
  );
  await mkdir(at('credentials/i-peer'));
  await writeFile(at('credentials/i-peer/key'), 'correct horse', { mode: 0o600 });
  await writeFile(at('credentials/h-words'), 'RESTIC_PASSWORD=correct horse\na guess\n', { mode: 0o600 });
  await mkdir(at('credentials/j-door'));
  await writeFile(at('credentials/j-door/authorized_keys'), `${PUBLIC_KEY} nas\n`, { mode: 0o644 });
  await mkdir(at('credentials/k-door'));
  await writeFile(at('credentials/k-door/authorized_keys'), 'a guess\n', { mode: 0o644 });
  const before = await readdir(at('repository'), { recursive: true });
  const findings = await checkCredentials(at('credentials'));
  expect(findings.map(({ what, state }) => `${what}: ${state}`)).toEqual([
    ...['credentials a-good: ok', 'repository of a-good: ok'],
    ...['credentials b-wrong: ok', 'repository of b-wrong: missing'],
    ...['credentials c-missing: ok', 'repository of c-missing: absent'],
    ...['credentials d-away: ok', 'repository of d-away: missing'],
    ...['credentials e-keys: ok', 'credentials f-open: missing', 'credentials g-rclone: ok'],
    ...['remote store of g-rclone: ok', 'remote away of g-rclone: missing'],
    ...['credentials h-words: missing', 'credentials i-peer: missing'],
    ...['credentials j-door: ok', 'credentials k-door: missing'],
  ]);
  const told = Object.fromEntries(findings.map(({ what, detail, fix }) => [what, `${detail} ${fix}`]));
  expect(told['credentials a-good']).toContain('mode 0600; RESTIC_PASSWORD, RESTIC_REPOSITORY');
  expect(told['repository of b-wrong']).toContain('the password does not open the repository');
  expect(told['repository of c-missing']).toContain('there is no repository');
  expect(told['repository of d-away']).toContain('the store does not answer');
  expect(told['credentials f-open']).toContain('chmod 600');
  expect(told['credentials h-words']).toContain('line 2 sets no variable');
  for (const secret of SECRETS) expect(JSON.stringify(findings)).not.toContain(secret);
  expect(await readdir(at('repository'), { recursive: true })).toEqual(before);
});

it('says so where there is no such folder, or nothing in it', async () => {
  expect(await checkCredentials(at('none'))).toMatchObject([{ what: 'credentials', state: 'missing' }]);
  await mkdir(at('empty'));
  expect(await checkCredentials(at('empty'))).toMatchObject([{ what: 'credentials', state: 'absent' }]);
});
