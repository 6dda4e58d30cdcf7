/** An rsyncTLS ReplicationDestination of VolSync as the far end, acted by plain stunnel and rsync as its own does: docs/peers.md. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../src/hosts/free-port';
import { waitFor } from '../support/rigs/door-rig';
import { PeerRig } from '../support/rigs/peer-rig';
import { listens, makeSharedKey } from '../support/rigs/tls-pusher';
import { compareTrees } from '../support/trees/compare-trees';

interface Theirs {
  rig: PeerRig;
  data: string;
  complete: string;
}

const servers: ChildProcess[] = [];
const folders: string[] = [];
afterAll(async () => {
  servers.forEach((server) => server.kill());
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function make(ours = makeSharedKey(), theirs = ours): Promise<Theirs> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-tls-'));
  folders.push(folder);
  const [data, control, port] = [
    join(folder, 'data'),
    join(folder, 'control'),
    await findFreePort('127.0.0.1'),
  ];
  const credentials = join(folder, 'credentials');
  await Promise.all(
    [data, control, join(credentials, 'shared')].map((path) => mkdir(path, { recursive: true })),
  );
  await writeFile(join(folder, 'psk.txt'), theirs, { mode: 0o600 });
  await writeFile(join(credentials, 'shared/psk.txt'), ours, { mode: 0o600 });
  const globals =
    'use chroot = false\nnumeric ids = true\nmunge symlinks = false\nread only = false\nuid = 0\ngid = *\n';
  const modules = `[data]\npath = ${data}\n[control]\npath = ${control}\n`;
  await writeFile(join(folder, 'rsyncd.conf'), `log file = ${folder}/log\n${globals}${modules}`);
  const service = `[rsync]\nciphers = PSK\nPSKsecrets = ${folder}/psk.txt\naccept = 127.0.0.1:${port}\nclient = no`;
  const exec = `exec = /usr/bin/rsync\nexecargs = rsync --server --daemon --config=${folder}/rsyncd.conf .`;
  await writeFile(
    join(folder, 'stunnel.conf'),
    `foreground = yes\npid =\nsyslog = no\n${service}\n${exec}\n`,
  );
  servers.push(spawn('stunnel', [join(folder, 'stunnel.conf')], { stdio: 'ignore' }));
  await waitFor('their stunnel', () => listens(port));
  const place = { url: `rsync+tls://127.0.0.1:${port}/data`, credentials: 'shared', folder: data };
  const rig = await PeerRig.make(join(folder, 'ours'), credentials, place);
  return { rig, data, complete: join(control, 'complete') };
}

it('says that all is there once that is so, with nothing of ours in it', async () => {
  const { rig, data, complete } = await make();
  await writeFile(join(rig.source, 'page'), 'one');
  await mkdir(join(rig.source, 'folder'));
  await symlink('../page', join(rig.source, 'folder/link'));
  const { stats } = await rig.sync(1);
  expect(stats.leftOut ?? []).toEqual([]);
  expect(existsSync(complete)).toBe(true);
  expect(await compareTrees(rig.source, data)).toEqual([]);
  expect(await readdir(data)).toEqual(['folder', 'page']);
  expect(await readlink(join(data, 'folder/link'))).toBe('../page');
  await rm(complete);
  await rm(join(rig.source, 'folder'), { recursive: true });
  await writeFile(join(rig.source, 'page'), 'two');
  await rig.sync(2);
  expect(existsSync(complete)).toBe(true);
  expect(await compareTrees(rig.source, data)).toEqual([]);
  expect(await rig.points()).toEqual(['point-000002']);
});

it('says so of no push that was refused, or broke', async () => {
  const { rig, data, complete } = await make();
  for (let index = 0; index < 9; index++) await writeFile(join(rig.source, `page-${index}`), randomBytes(99));
  await rig.sync(1);
  await rm(complete);
  for (let index = 0; index < 8; index++) await rm(join(rig.source, `page-${index}`));
  await expect(rig.sync(2, { maxDeletions: 2 })).rejects.toMatchObject({ type: 'ApprovalRequired' });
  expect(await readdir(data)).toHaveLength(9);
  await writeFile(join(rig.source, 'big'), randomBytes(2 ** 22));
  const ended = new AbortController();
  const onProgress = () => ended.abort(new Error('cancelled'));
  await expect(rig.sync(3, { signal: ended.signal, onProgress })).rejects.toThrow('cancelled');
  expect(existsSync(complete)).toBe(false);
  await rig.sync(4);
  expect(existsSync(complete)).toBe(true);
  expect(await compareTrees(rig.source, data)).toEqual([]);
});

it('tells a key that is another one from an end that does not answer', async () => {
  const { rig, data } = await make(makeSharedKey(), makeSharedKey());
  await writeFile(join(rig.source, 'page'), 'one');
  await expect(rig.sync(1)).rejects.toMatchObject({
    type: 'AuthRejected',
    message: expect.stringContaining('does not have the key of its credentials') as unknown,
  });
  expect(await readdir(data)).toEqual([]);
  const away = rig.reachedBy(`rsync+tls://127.0.0.1:${await findFreePort('127.0.0.1')}/data`);
  await expect(away.sync(1)).rejects.toMatchObject({ type: 'HostUnreachable' });
});
