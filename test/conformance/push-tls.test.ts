/** A door into a claim by TLS: on the wire as VolSync's rsyncTLS, so that one half may still be VolSync's. */
import { randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { ended, run } from '../support/rigs/door-rig';
import { PushRig } from '../support/rigs/push-rig';
import { makeSharedKey, TlsPusher } from '../support/rigs/tls-pusher';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

/** In seconds. */
const OLD = 1_500_000_000;
const WELL = { code: 0, stderr: '' };

let rig: PushRig;
let theirs: TlsPusher | undefined;

async function make(key?: string): Promise<TlsPusher> {
  rig = await PushRig.make(null as never, 'rsync+tls');
  const own = makeSharedKey();
  await writeFile(join(rig.folder, 'psk.txt'), own, { mode: 0o600 });
  return (theirs = await TlsPusher.start(rig.folder, rig.at(''), rig.port, key ?? own));
}
afterEach(async () => {
  theirs?.stop();
  await rig.dispose();
});

it('waits until the file complete says that a push is whole, and nothing else', async () => {
  const pusher = await make();
  const waiting = rig.transfer(1, await rig.receive(1));
  let isOver = false;
  void waiting.finally(() => (isOver = true));
  await rig.write('page', 'one');
  expect((await pusher.tellComplete()).stderr).toContain('no push that ended well waits for this word');
  expect(await ended(pusher.begin())).toEqual(WELL);
  expect(await pusher.removeOthers()).toEqual(WELL);
  expect(await rig.read('page')).toBe('one');
  expect(isOver).toBe(false);
  expect(await pusher.tellComplete()).toEqual(WELL);
  const { capturedAt, totalBytes, bytesSent, filesChanged } = await waiting;
  expect(Date.parse(capturedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  expect(totalBytes).toBe(3);
  expect(bytesSent).toBeGreaterThan(0);
  expect(filesChanged).toBeGreaterThan(0);
});

it('has what was pushed as it was, links and all, in each iteration', async () => {
  const pusher = await make();
  await makeNastyTree(rig.at(''));
  await symlink('/absolute/target', rig.at('absolute'));
  await lutimes(rig.at('absolute'), OLD, OLD);
  await mkdir(rig.at('links'), { recursive: true });
  await symlink('we ird\n"name', rig.at('links/a\nb'));
  await utimes(rig.at('links'), OLD, OLD);
  for (const sequence of [1, 2]) {
    const waiting = rig.transfer(sequence, await rig.receive(sequence), {
      confirmed: `shop-${sequence - 1}`,
    });
    expect(await pusher.push()).toEqual(WELL);
    await waiting;
    await rig.close(sequence);
    // Attributes are not sent, times within one second not told apart, and the folder itself is left as it is.
    const differences = await compareTrees(rig.at(''), rig.volume, { attributes: false, times: false });
    expect(differences.filter((each) => !each.startsWith('.: '))).toEqual([]);
    const [link, at] = [await lstat(join(rig.volume, 'absolute')), await stat(join(rig.volume, 'links'))];
    expect([link.mtimeMs, at.mtimeMs]).toEqual([OLD * 1000, OLD * 1000]);
    await rm(rig.at('absolute'));
    await symlink('elsewhere', rig.at('absolute'));
    await lutimes(rig.at('absolute'), OLD, OLD);
  }
  expect((await pusher.push()).code).not.toBe(0);
});

it('takes a push that was broken off for none, and the next one goes on', async () => {
  const pusher = await make();
  const waiting = rig.transfer(1, await rig.receive(1));
  await rig.write('big', randomBytes(30_000_000));
  const broken = pusher.begin(['--bwlimit=2000']);
  await rig.untilBegun();
  broken.kill('SIGKILL');
  await ended(broken);
  expect((await pusher.tellComplete()).stderr).toContain('no push that ended well waits');
  expect(await pusher.push()).toEqual(WELL);
  await expect(waiting).resolves.toMatchObject({ totalBytes: 30_000_000 });
});

it('lets one push in after the other, and none once all is there', async () => {
  const pusher = await make();
  const opened = await rig.receive(1);
  await rig.write('big', randomBytes(4_000_000));
  const first = ended(pusher.begin(['--bwlimit=2000']));
  const waiting = rig.transfer(1, opened);
  await rig.untilBegun();
  expect(await ended(pusher.begin())).toEqual(WELL);
  expect(await first).toEqual(WELL);
  expect(await pusher.tellComplete()).toEqual(WELL);
  await waiting;
  await rig.write('page', 'later');
  expect((await ended(pusher.begin(['--stderr=client']))).stderr).toContain(
    'what was pushed before is being taken',
  );
  await expect(rig.read('page')).rejects.toThrow('ENOENT');
});

it('lets no other key in', async () => {
  const pusher = await make(makeSharedKey());
  const stop = new AbortController();
  const waiting = rig.transfer(1, await rig.receive(1), { signal: stop.signal });
  await rig.write('page', 'one');
  expect((await pusher.push()).code).not.toBe(0);
  await expect(rig.read('page')).rejects.toThrow('ENOENT');
  expect(await rig.host.files.read(join(rig.host.scratch, 'door/rsync.log'))).toBeUndefined();
  stop.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
});

it('lets nothing else be done', async () => {
  const pusher = await make();
  const stop = new AbortController();
  const waiting = rig.transfer(1, await rig.receive(1), { signal: stop.signal });
  await rig.write('page', 'one');
  await writeFile(join(rig.volume, 'secret'), 'theirs');
  const to = join(rig.folder, 'out');
  await mkdir(to);
  for (const [args, what] of [
    [['-r', pusher.at('data/'), `${to}/`], 'this module only takes'],
    [['-r', rig.at('page'), pusher.at('data/below/')], 'push to the whole volume'],
    [['-r', rig.at('page'), pusher.at('other/')], 'Unknown module'],
    [[rig.at('page'), pusher.at('control/other')], 'nothing else'],
    [['-rR', rig.at('page'), pusher.at('data/')], 'push without --relative'],
    [['-r', '-M--relative', '-M--no-implied-dirs', rig.at('page'), pusher.at('data/')], ''],
    [['-r', '--backup', '--backup-dir=x', rig.at('page'), pusher.at('data/')], ''],
    [['-r', '--link-dest=x', rig.at('page'), pusher.at('data/')], ''],
    [['-rs', rig.at('page'), pusher.at('data/')], ''],
    [['-rK', rig.at('page'), pusher.at('data/')], ''],
    [['-r', '-M--log-file=/tmp/x', rig.at('page'), pusher.at('data/')], ''],
  ] as const) {
    const { code, stderr } = await run('rsync', ['--stderr=client', ...args]);
    expect({ args, code: code !== 0, stderr }).toMatchObject({
      code: true,
      stderr: expect.stringContaining(what) as unknown,
    });
  }
  expect(await run('rsync', ['-rn', rig.at('page'), pusher.at('data/')])).toEqual(WELL);
  expect((await pusher.tellComplete()).code).not.toBe(0);
  await expect(rig.read('page')).rejects.toThrow('ENOENT');
  stop.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
});

it('says what is wrong where it can’t listen', async () => {
  await make();
  const keyFile = join(rig.folder, 'psk.txt');
  await writeFile(keyFile, 'volsync:short');
  await chmod(keyFile, 0o600);
  await expect(rig.receive(1)).rejects.toMatchObject({ message: 'stunnel can’t listen' });
  expect(await readFile(keyFile, 'utf8')).toBe('volsync:short');
});
