/** What goes wrong on the way to a peer: told in words that help, never taken for more than it is, and gone on from. */
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { startCuttingProxy } from '../support/hosts/cutting-proxy';
import { Mortality } from '../support/hosts/mortal-host';
import { reservePorts } from '../support/hosts/ports';
import { type PeerRig, usePeer } from '../support/rigs/peer-rig';
import { TestFilesystem } from '../support/storage/filesystems';
import { sample } from '../support/sample';
import { PeerServer } from '../support/stores/peer-server';
import { compareTrees } from '../support/trees/compare-trees';

const stage = usePeer();
const matching = (text: string | RegExp) => expect.stringMatching(text) as unknown;

let count = 0;
async function makeRig(): Promise<PeerRig> {
  const { server, credentials } = stage;
  const name = `broken-${++count}`;
  const folder = await server.makeFolder(name);
  await server.letIn(credentials, name);
  return stage.make({ url: server.url('root', folder), credentials: name, folder });
}

const filesOf = (rig: PeerRig) => ({
  key: join(stage.credentials, rig.volume.options?.credentials ?? '', 'key'),
  knownHosts: join(stage.credentials, rig.volume.options?.credentials ?? '', 'known_hosts'),
});

describe('a host key', () => {
  it('that nobody has pinned is not trusted: its fingerprint is told, and what to write once its owner has agreed', async () => {
    const rig = await makeRig();
    const { knownHosts } = filesOf(rig);
    await unlink(knownHosts);
    const failed = rig.sync(1);
    await expect(failed).rejects.toMatchObject({
      type: 'HostKeyMismatch',
      message: matching(
        /^\[127\.0\.0\.1\]:\d+ shows the host key SHA256:\S{43} \(ed25519\), and none is pinned$/,
      ),
      details: { hint: matching(`write to ${knownHosts}: \\[127`) },
    });
    // To the letter.
    const { details } = (await failed.catch((error: unknown) => error)) as { details: { hint: string } };
    await writeFile(
      knownHosts,
      `${details.hint.slice(details.hint.indexOf(`${knownHosts}: `) + knownHosts.length + 2)}\n`,
    );
    await rig.sync(2);
  });

  it('that is another one than was pinned is refused, with both fingerprints', async () => {
    const rig = await makeRig();
    const { key, knownHosts } = filesOf(rig);
    const other = (await readFile(`${key}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(knownHosts, `[127.0.0.1]:${stage.server.port} ${other}\n`);
    await expect(rig.sync(1)).rejects.toMatchObject({
      type: 'HostKeyMismatch',
      message: matching(
        /shows the host key SHA256:\S{43} \(ed25519\), and pinned is SHA256:\S{43} \(ed25519\)$/,
      ),
      details: { hint: matching('intercepted') },
    });
    expect(await readdir(rig.far)).toEqual([]);
  });

  it('may be vouched for by nobody else than the agent itself', async () => {
    const rig = await makeRig();
    await chmod(filesOf(rig).knownHosts, 0o666);
    await expect(rig.sync(1)).rejects.toMatchObject({
      type: 'AuthRejected',
      message: matching(/others may change .*known_hosts$/),
    });
  });
});

describe('a key', () => {
  it('that is not let in is told as such', async () => {
    const rig = await makeRig();
    const { key } = filesOf(rig);
    await unlink(key);
    const made = await rig.host.files.makeKeyPair(key);
    expect(made).toContain('ssh-ed25519');
    await expect(rig.sync(1)).rejects.toMatchObject({
      type: 'AuthRejected',
      message: matching(/^the account at 127\.0\.0\.1:\d+ does not let the key of its credentials in$/),
      details: { toolMessage: matching('Permission denied') },
    });
  });

  it('that others may read is not used, nor one that is missing', async () => {
    const rig = await makeRig();
    const { key } = filesOf(rig);
    await chmod(key, 0o644);
    await expect(rig.sync(1)).rejects.toMatchObject({
      type: 'AuthRejected',
      message: matching('others may read'),
    });
    await unlink(key);
    await expect(rig.sync(1)).rejects.toMatchObject({
      type: 'AuthRejected',
      message: matching('there is no file'),
    });
    const nameless = rig.reachedBy(rig.volume.path, { credentials: undefined } as never);
    await expect(nameless.sync(1)).rejects.toMatchObject({
      message: 'nothing says which key the peer lets in',
    });
  });
});

describe('an account', () => {
  const confined = async (command: string) => {
    const { server, credentials } = stage;
    const name = `confined-${++count}`;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name, command.replaceAll('FOLDER', folder));
    const rig = await stage.make({ url: server.url('nas', '/~'), credentials: name, folder });
    await writeFile(join(rig.source, 'page'), 'one');
    return rig;
  };

  it.each([
    ['that may only read', '/usr/bin/rrsync -ro FOLDER', /may not write, or not delete$/],
    [
      'that may not delete',
      '/usr/bin/rrsync -no-del FOLDER',
      /may not write, or not delete$|does not run what rsync/,
    ],
    ['that runs something else', 'echo This account is for backups of bob; exit 1', /no rsync|does not run/],
    ['without rsync', 'PATH=/nowhere; rsync', /^rsync is missing at /],
  ])('%s is refused in words, before anything is there', async (_, command, message) => {
    const rig = await confined(command);
    await expect(rig.sync(1)).rejects.toMatchObject({
      message: matching(message),
      details: { host: 'alpha' },
    });
    expect((await readdir(rig.far)).filter((name) => name !== '.tidemark')).toEqual([]);
  });

  it('that breaks while it is tried has refused nothing', async () => {
    const rig = await confined(
      `case "$SSH_ORIGINAL_COMMAND" in *server*-*A*e.*) [ -e FOLDER-broke ] || { : > FOLDER-broke; kill -KILL $PPID; exit 1; };; esac; exec /usr/bin/rrsync FOLDER`,
    );
    await rig.host.run(['chmod', '777', join(rig.far, '..')]);
    await rig.host.run(['setfattr', '-n', 'user.of', '-v', 'x', join(rig.source, 'page')]);
    await expect(rig.sync(1)).rejects.toMatchObject({ type: 'TransferInterrupted' });
    const { stats } = await rig.sync(2);
    expect(stats.leftOut?.map(({ reason }) => reason)).toEqual(['owner']);
  });

  it('that knows no attributes gets the rest, and what it lacks is counted', async () => {
    // As an rsync that was built without them.
    const rig = await confined(
      `case "$SSH_ORIGINAL_COMMAND" in *server*-*A*e.*|*server*-*X*e.*) echo "ACLs and extended attributes are not supported on this server" >&2; exit 4;; esac; exec /usr/bin/rrsync FOLDER`,
    );
    await rig.host.run(['setfattr', '-n', 'user.of', '-v', 'x', join(rig.source, 'page')]);
    const { stats } = await rig.sync(1);
    expect(stats.leftOut?.map(({ reason }) => reason)).toContain('xattr');
    expect(await readFile(join(rig.far, 'page'), 'utf8')).toBe('one');
    const { stats: again, point } = await rig.sync(2);
    expect(again.filesChanged).toBe(0);
    // An agent that never pushed there knows it too.
    const beta = rig.withHost(makeLocalHost({ name: 'beta', home: join(rig.host.home, '..', 'beta') }));
    await beta.withTree(point.id, async (path) => expect(await readdir(path)).toEqual(['page']));
  });
});

it('that is away is waited for, and resumed where it was cut off', async () => {
  const rig = await makeRig();
  const { port } = stage.server;
  const [nobody = 0] = await reservePorts(1);
  await appendFile(
    filesOf(rig).knownHosts,
    (await readFile(filesOf(rig).knownHosts, 'utf8')).replace(`:${port} `, `:${nobody} `),
  );
  const away = rig.reachedBy(rig.volume.path.replace(String(port), String(nobody)));
  await expect(away.sync(1)).rejects.toMatchObject({
    type: 'HostUnreachable',
    message: `127.0.0.1:${nobody} does not answer`,
    details: { toolMessage: matching('Connection refused') },
  });
  const big = randomBytes(24 * 2 ** 20);
  await writeFile(join(rig.source, 'big'), big);
  const proxy = await startCuttingProxy(port, { cutAfter: 12 * 2 ** 20, how: 'cut' });
  try {
    await appendFile(
      filesOf(rig).knownHosts,
      (await readFile(filesOf(rig).knownHosts, 'utf8'))
        .split('\n')[0]
        ?.replace(`:${port} `, `:${proxy.port} `)
        .concat('\n') ?? '',
    );
    const cut = rig.reachedBy(rig.volume.path.replace(String(port), String(proxy.port)));
    await expect(cut.send(2)).rejects.toMatchObject({ type: 'TransferInterrupted' });
    expect(await cut.points()).toEqual([]);
    const before = proxy.bytesSent();
    await cut.sync(3);
    // What had arrived is not sent again.
    expect(proxy.bytesSent() - before).toBeLessThan(16 * 2 ** 20);
    expect(await compareTrees(rig.source, rig.far)).toEqual([]);
    expect((await readdir(rig.far)).sort()).toEqual(['.tidemark', 'big']);
  } finally {
    await proxy.close();
  }
});

it('has the newest point or the one before, at whichever step the agent is killed, and the next sync goes on', async () => {
  const rig = await makeRig();
  let sequence = 0;
  const change = async () => {
    sequence++;
    await writeFile(join(rig.source, 'page'), String(sequence));
    await mkdir(join(rig.source, `folder-${sequence % 3}`), { recursive: true });
    await writeFile(join(rig.source, `folder-${sequence % 3}`, 'page'), randomBytes(2 ** 18));
  };
  await change();
  await rig.sync(sequence);
  const steps = Array.from({ length: 24 }, (_, index) => index + 1);
  let killed = 0;
  for (const step of sample(steps, 6)) {
    await change();
    const dying = rig.withHost(new Mortality(step).wrap(rig.host));
    const failed = await dying.sync(sequence).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failed !== undefined) killed++;
    await change();
    await rig.sync(sequence);
    expect(await rig.points()).toEqual([`point-${String(sequence).padStart(6, '0')}`]);
    expect(await compareTrees(rig.source, rig.far)).toEqual([]);
  }
  expect(killed).toBeGreaterThan(0);
});

it('is written to by the primary of the newest epoch alone', async () => {
  const rig = await makeRig();
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  const beta = rig.withHost(makeLocalHost({ name: 'beta', home: join(rig.host.home, '..', 'beta') }));
  expect(await beta.points()).toEqual(['point-000001']);
  await beta.sync(2, { epoch: 2 });
  const later = rig.withHost({ ...rig.host, name: 'alpha-later' });
  // What it has on its way is no point any more.
  await expect(rig.publish(3, 1)).rejects.toMatchObject({
    type: 'Fenced',
    message: matching('epoch 2 by now'),
  });
  expect(await beta.points()).toEqual(['point-000002']);
  await expect(later.send(3)).rejects.toMatchObject({
    type: 'Fenced',
    message: matching('epoch 1 of wiki is over'),
  });
});

it('that was cut off may hold files of two states, which any agent can tell', async () => {
  const rig = await makeRig();
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  const beta = rig.withHost(makeLocalHost({ name: 'beta', home: join(rig.host.home, '..', 'beta') }));
  const isWhole = async () => !(await beta.driver.isChanged(beta.host, beta.volume, 'wiki'));
  expect(await isWhole()).toBe(true);
  await writeFile(join(rig.source, 'big'), randomBytes(2 ** 22));
  const ended = new AbortController();
  const onProgress = () => ended.abort(new Error('cancelled'));
  await expect(rig.sync(2, { signal: ended.signal, onProgress })).rejects.toThrow('cancelled');
  const gamma = rig.withHost(makeLocalHost({ name: 'gamma', home: join(rig.host.home, '..', 'gamma') }));
  expect(await gamma.driver.isChanged(gamma.host, gamma.volume, 'wiki')).toBe(true);
  expect(await gamma.points()).toEqual(['point-000001']);
  await rig.sync(3);
  const delta = rig.withHost(makeLocalHost({ name: 'delta', home: join(rig.host.home, '..', 'delta') }));
  expect(await delta.driver.isChanged(delta.host, delta.volume, 'wiki')).toBe(false);
});

it('loses no more than is allowed without approval', async () => {
  const rig = await makeRig();
  for (let index = 0; index < 20; index++) await writeFile(join(rig.source, `page-${index}`), 'x');
  await rig.sync(1);
  for (let index = 0; index < 15; index++) await unlink(join(rig.source, `page-${index}`));
  await expect(rig.sync(2, { maxDeletions: 10 })).rejects.toMatchObject({
    type: 'ApprovalRequired',
    message: matching('would delete 15 entries'),
  });
  expect(await readdir(rig.far)).toHaveLength(21);
  await rig.sync(3);
  expect(await readdir(rig.far)).toHaveLength(6);
});

it('is compared to the last byte, and brought back whole', async () => {
  const rig = await makeRig();
  await writeFile(join(rig.source, 'page'), 'one');
  await writeFile(join(rig.source, 'other'), 'two');
  const { point } = await rig.sync(1);
  await writeFile(join(rig.far, 'page'), 'eno');
  const { atime, mtime } = await stat(join(rig.source, 'page'));
  await utimes(join(rig.far, 'page'), atime, mtime);
  const compared = await rig.compare(point.id);
  expect(compared.differences.map(({ path }) => path)).toEqual(['page']);
  await rig.withTree(point.id, async (path) => {
    expect(await compareTrees(rig.far, path)).toEqual([]);
    expect(await readdir(path)).toEqual(['other', 'page']);
  });
  expect(await readdir(join(rig.host.home, 'fetched', 'wiki')).catch(() => [])).toEqual([]);
});

describe('a disk there', () => {
  let server: PeerServer;
  beforeAll(async () => {
    server = await PeerServer.start({ isRootAlone: true });
  });
  afterAll(() => server?.dispose());

  async function makeRigOn(folder: string): Promise<PeerRig> {
    const name = `disk-${++count}`;
    await server.letIn(stage.credentials, name);
    return stage.make({ url: server.url('root', folder), credentials: name, folder });
  }

  it('that is full says so, and goes on once there is room', async () => {
    const small = await TestFilesystem.make('tmpfs', { size: '8M' });
    try {
      const full = await makeRigOn(small.mountPoint);
      await writeFile(join(full.source, 'big'), randomBytes(12 * 2 ** 20));
      await expect(full.sync(1)).rejects.toMatchObject({
        type: 'TargetFull',
        message: matching(/^there is no room left at 127\.0\.0\.1:\d+$/),
      });
      expect(await full.points()).toEqual([]);
      await writeFile(join(full.source, 'big'), randomBytes(2 ** 20));
      await full.sync(2);
      expect(await compareTrees(full.source, small.mountPoint)).toEqual([]);
    } finally {
      await small.dispose();
    }
  });

  it('that keeps whole seconds has what changed within one, and nothing else is sent twice', async () => {
    const coarse = await TestFilesystem.make('ext3');
    try {
      const rig = await makeRigOn(`${coarse.mountPoint}/wiki`);
      await writeFile(join(rig.source, 'page'), 'one');
      await writeFile(join(rig.source, 'other'), 'two');
      const { stats } = await rig.sync(1);
      expect(stats.leftOut?.map(({ reason }) => reason)).toEqual(['time']);
      const { atime, mtime } = await stat(join(rig.source, 'page'));
      await writeFile(join(rig.source, 'page'), 'eno');
      await utimes(join(rig.source, 'page'), atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000 + 1));
      expect((await rig.sync(2)).stats.filesChanged).toBe(1);
      expect(await readFile(join(coarse.mountPoint, 'wiki', 'page'), 'utf8')).toBe('eno');
      expect((await rig.sync(3)).stats.filesChanged).toBe(0);
    } finally {
      await coarse.dispose();
    }
  });
});
