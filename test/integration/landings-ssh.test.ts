/** Landings in the `authorized_keys` of a host on which nothing is installed: somebody else's file. */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import type { SshHost } from '../../src/hosts/ssh';
import type { Landing, LandingRequest } from '../../src/landings/contract';
import { knowsUtc, type RemoteLandings, startRemoteLandings } from '../../src/landings/remote';
import { LANDING_ALIAS, makeKey, prepareSsh } from '../../src/landings/ssh-client';
import { tryLanding } from '../../src/landings/try-landing';
import { inAnHour } from '../support/rigs/mover-rig';
import { connectTo, TestSshd } from '../support/hosts/ssh-host';
import { DROP_COPIED_MOUNTS } from '../support/storage/zfs';

const ID = { relationship: 'wiki', target: 'beta', syncId: 'wiki-000001' };

let sshd: TestSshd;
let host: SshHost;
let alpha: Host;
let folder: string;
let publicKey: string;

beforeAll(async () => {
  sshd = await TestSshd.start();
});
afterAll(() => sshd.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-landings-'));
  alpha = makeLocalHost({ name: 'alpha', home: join(folder, 'alpha') });
  host = await connectTo(sshd, 'nas', join(folder, 'nas'));
  publicKey = await makeKey(alpha, ID, 'nas');
});
afterEach(async () => {
  host.close();
  await rm(folder, { recursive: true, force: true });
});

const start = (authorizedKeys = sshd.authorizedKeys, on = host): Promise<RemoteLandings> =>
  startRemoteLandings(on, { ...sshd.landing, authorizedKeys });

const request = (change: Partial<LandingRequest> = {}): LandingRequest => ({
  id: 'wiki/beta',
  publicKey,
  command: ['printf', '%s\\n', 'landed'],
  attempt: 'receive:x',
  expiresAt: inAnHour(),
  ...change,
});

/** Connects as a source does, and asks for a command of its own. */
async function goThrough(landing: Landing) {
  const cwd = await prepareSsh(alpha, alpha, ID, landing);
  const argv = ['ssh', '-F', './ssh_config', LANDING_ALIAS, 'id'];
  const { stdout, stderr, exitCode } = await alpha.run(argv, { cwd });
  return { stdout: stdout.toString(), stderr, exitCode };
}

const missing = async (path: string) => (await lstat(path).catch(() => undefined)) === undefined;

it('lets one key run one command through the sshd that is there, until it is closed', async () => {
  const { landings } = await start();
  const before = await readFile(sshd.authorizedKeys);
  const landing = await landings.open(request());
  expect(landing).toMatchObject({ port: sshd.port, user: 'root', hostKeys: [await sshd.hostKey()] });
  expect(await goThrough(landing)).toMatchObject({ stdout: 'landed\n', exitCode: 0 });
  await landings.close('wiki/beta');
  expect((await goThrough(landing)).stderr).toMatch(/Permission denied/);
  expect((await readFile(sshd.authorizedKeys)).equals(before)).toBe(true);
});

it('is refused once it has expired, by the clock of that host, and then swept away', async () => {
  const { landings } = await start();
  const before = await readFile(sshd.authorizedKeys);
  const landing = await landings.open(request({ expiresAt: new Date(Date.now() - 2000).toISOString() }));
  expect((await goThrough(landing)).stderr).toMatch(/Permission denied/);
  expect(await landings.sweep(new Date())).toBe(1);
  expect((await readFile(sshd.authorizedKeys)).equals(before)).toBe(true);
});

it('gives the expiry in UTC to servers that know it, and as local time to older ones', async () => {
  expect(knowsUtc('SSH-2.0-OpenSSH_9.1p1 Debian-2')).toBe(true);
  expect(knowsUtc('SSH-2.0-OpenSSH_10.0')).toBe(true);
  expect(knowsUtc('SSH-2.0-OpenSSH_8.9p1')).toBe(false);
  expect(knowsUtc('SSH-2.0-dropbear_2022.83')).toBe(false);
  const zone = `${DROP_COPIED_MOUNTS}; mount --bind /usr/share/zoneinfo/Asia/Tokyo "$(readlink -f /etc/localtime)" && exec "$@"`;
  const tokyo = await TestSshd.start({ wrap: (argv) => ['unshare', '-m', 'sh', '-c', zone, 'sh', ...argv] });
  const there = await connectTo(tokyo, 'tokyo', join(folder, 'tokyo'));
  try {
    expect((await there.run(['date', '+%Z'])).stdout.toString()).toBe('JST\n');
    for (const serverVersion of [there.facts.serverVersion, 'SSH-2.0-OpenSSH_7.4']) {
      const { landings } = await startRemoteLandings(
        { ...there, facts: { ...there.facts, serverVersion } },
        tokyo.landing,
      );
      const open = (lifetimeMs: number) =>
        landings.open(request({ expiresAt: new Date(Date.now() + lifetimeMs).toISOString() }));
      expect(await goThrough(await open(600_000))).toMatchObject({ stdout: 'landed\n' });
      expect((await goThrough(await open(-2000))).stderr).toMatch(/Permission denied/);
      await landings.close('wiki/beta');
    }
  } finally {
    there.close();
    await tokyo.stop();
  }
});

it('keeps every byte, the owner and the mode of what others wrote, behind a symlink too', async () => {
  const real = join(folder, 'real keys');
  const bytes = Buffer.concat([
    Buffer.from('# \xff\xfe not UTF-8\r\n\n  odd  ', 'latin1'),
    Buffer.from('no end'),
  ]);
  await writeFile(real, bytes);
  await chown(real, 1234, 5678);
  await chmod(real, 0o604);
  const link = join(folder, 'link');
  await symlink(real, link);
  const { landings } = await start(link);
  await landings.open(request());
  await landings.open(request({ id: 'other/beta' }));
  const during = await readFile(real);
  expect(during.subarray(-bytes.length).equals(bytes)).toBe(true);
  await landings.close('wiki/beta');
  await landings.close('other/beta');
  expect((await readFile(real)).equals(bytes)).toBe(true);
  expect(await stat(real)).toMatchObject({ uid: 1234, gid: 5678, mode: 0o100604 });
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
});

it('makes a file and its folder where there is none, private, and takes both away again', async () => {
  const path = join(folder, '.ssh', 'authorized_keys');
  const { landings } = await start(path);
  await landings.open(request());
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, '.ssh'))).mode & 0o777).toBe(0o700);
  await landings.close('wiki/beta');
  expect(await missing(join(folder, '.ssh'))).toBe(true);
});

it('leaves a file that it made to those who wrote to it meanwhile', async () => {
  const path = join(folder, '.ssh', 'authorized_keys');
  const { landings } = await start(path);
  await landings.open(request());
  await writeFile(path, `${await readFile(path, 'utf8')}ssh-ed25519 AAAA mine\n`);
  await landings.close('wiki/beta');
  expect(await readFile(path, 'utf8')).toBe('ssh-ed25519 AAAA mine\n');
});

it('loses nothing where several agents open landings for one user at once', async () => {
  const others = await Promise.all(
    ['one', 'two', 'three'].map((name) => connectTo(sshd, name, join(folder, name))),
  );
  const path = join(folder, 'keys');
  await writeFile(path, 'somebody\n');
  const services = await Promise.all(others.map((other) => start(path, other)));
  await Promise.all(services.map(({ landings }) => landings.open(request())));
  expect((await readFile(path, 'utf8')).match(/ tidemark:/g)).toHaveLength(3);
  await Promise.all(services.map(({ landings }) => landings.close('wiki/beta')));
  expect(await readFile(path, 'utf8')).toBe('somebody\n');
  for (const other of others) other.close();
});

it('takes out lines when the agent ends, and those that a killed one left when it starts', async () => {
  const path = join(folder, 'keys');
  await writeFile(path, 'somebody\n');
  const first = await start(path);
  await first.landings.open(request());
  await first.stop();
  expect(await readFile(path, 'utf8')).toBe('somebody\n');
  // A transfer that still runs finds its landing again.
  const second = await start(path);
  expect(await readFile(path, 'utf8')).toContain('tidemark:');
  await host.files.remove(join(folder, 'nas', 'landings'));
  const third = await start(path);
  expect(await readFile(path, 'utf8')).toBe('somebody\n');
  await Promise.all([second.stop(), third.stop()]);
});

describe('a trial', () => {
  it('finds landings in order', async () => {
    const { landings } = await start();
    const before = await readFile(sshd.authorizedKeys);
    expect(await tryLanding(host, sshd.options, landings)).toBeUndefined();
    expect((await readFile(sshd.authorizedKeys)).equals(before)).toBe(true);
  });

  it('says that the sshd does not read this file', async () => {
    await mkdir(join(folder, 'elsewhere'));
    const { landings } = await start(join(folder, 'elsewhere', 'keys'));
    expect(await tryLanding(host, sshd.options, landings)).toMatch(/--authorized-keys/);
  });
});
