/** Where a restore may not write: what belongs to somebody, by whatever path, symlink or mount it is named. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { directoryDriver } from '../../src/volumes/directory';
import { btrfsDriver } from '../../src/volumes/btrfs';
import { checkDestination } from '../../src/volumes/destination';
import { zfsDriver } from '../../src/volumes/zfs';
import { TestFilesystem } from '../support/storage/filesystems';
import { TestPool } from '../support/storage/zfs';
import { SOURCE, TARGET } from './volume-fixture';

let host: Host;
let folder: string;
const mounted: string[] = [];
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-destination-'));
  host = makeLocalHost({ name: 'alpha', home: join(folder, 'hosts/alpha') });
});
afterEach(async () => {
  for (const point of mounted.splice(0).reverse()) await runChecked(host, ['umount', point]);
  for (const step of undo.splice(0).reverse()) await step();
  await rm(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => join(folder, ...parts);
const directoryAt = (path: string) => ({ kind: 'directory' as const, path });

async function bind(from: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  await runChecked(host, ['mount', '--bind', from, to]);
  mounted.push(to);
  return to;
}

/** Refused with this reason, and nothing has come to be. */
async function expectRefused(path: string, reason: string, type = 'Fenced', on = host): Promise<void> {
  const before = await readdir(folder);
  await expect(checkDestination(on, path)).rejects.toMatchObject({
    type,
    message: expect.stringContaining(reason) as unknown,
  });
  expect(await readdir(folder)).toEqual(before);
}

describe.each([SOURCE, TARGET])('a directory that is the $role of a relationship', (claim) => {
  const wiki = () => at('data/wiki');
  beforeEach(async () => {
    await mkdir(wiki(), { recursive: true });
    await directoryDriver.claim(host, directoryAt(wiki()), claim);
  });

  it('is none, nor is what holds it, or lies in it', async () => {
    await expectRefused(wiki(), `${wiki()} is the ${claim.role} of wiki`);
    await expectRefused(join(wiki(), 'not/there'), `lies inside ${wiki()}`);
    await expectRefused(at('data'), `holds ${wiki()}`);
    expect(await checkDestination(host, at('data/other'))).toBe(at('data/other'));
  });

  it('is none behind a symlink, or a bind mount of it, of its folder, or of one in it', async () => {
    await mkdir(join(wiki(), 'inner'));
    await symlink('data', at('link'));
    await expectRefused(at('link/wiki'), `${wiki()} is`);
    await expectRefused(at('link/other/../wiki'), `${wiki()} is`);
    await expectRefused(await bind(at('data'), at('bound')), 'holds');
    await expectRefused(at('bound/wiki'), `is ${wiki()}`);
    await expectRefused(await bind(join(wiki(), 'inner'), at('bound-inner')), 'lies inside');
    await expectRefused(at('bound-inner/not/there'), 'lies inside');
    await bind(wiki(), at('apart/deep/mounted'));
    await expectRefused(at('apart'), `holds ${wiki()}`);
  });

  it('is none for another agent, nor for one that remembers nothing', async () => {
    const beta = makeLocalHost({ name: 'beta', home: at('hosts/beta') });
    await expectRefused(await bind(wiki(), at('bound')), `is ${wiki()}`, 'Fenced', beta);
    const stranger = makeLocalHost({ name: 'gamma', home: at('elsewhere/gamma') });
    for (const path of [wiki(), join(wiki(), 'inner'), at('data')])
      await expectRefused(path, `the ${claim.role} of wiki`, 'Fenced', stranger);
  });
});

it('is none of the folders in which Tidemark or an agent keeps its own', async () => {
  await mkdir(at('data/wiki'), { recursive: true });
  await directoryDriver.claim(host, directoryAt(at('data/wiki')), TARGET);
  await symlink(at('data/.tidemark'), at('link'));
  await expectRefused(at('link/wiki'), '.tidemark', 'InvalidSpec');
  await expectRefused(await bind(at('data/.tidemark/wiki'), at('bound')), '.tidemark', 'InvalidSpec');
  for (const path of ['hosts', 'hosts/alpha', 'hosts/alpha/landings', 'hosts/beta'])
    await expectRefused(at(path), "an agent's own state", 'InvalidSpec');
  await expectRefused(folder, "an agent's own state", 'InvalidSpec');
});

it('is no folder of the system, and none that shows one', async () => {
  await symlink('/usr/local', at('link'));
  for (const path of ['/', '/etc', '/usr/local/x', '/home', at('link'), at('link/x')])
    await expectRefused(path, '', 'InvalidSpec');
  await expectRefused(await bind('/usr/share', at('bound')), 'operating system', 'InvalidSpec');
  await expectRefused(at('bound/x'), 'operating system', 'InvalidSpec');
});

it('is no file, and nothing below one', async () => {
  await writeFile(at('file'), 'x');
  await expectRefused(at('file'), 'not a directory', 'InvalidSpec');
  await expectRefused(at('file/x'), 'not a directory', 'InvalidSpec');
});

it('is no btrfs subvolume of a relationship, under whichever mount', async () => {
  const filesystem = await TestFilesystem.make('btrfs');
  undo.push(() => filesystem.dispose());
  const path = join(filesystem.mountPoint, 'wiki');
  await runChecked(host, ['btrfs', 'subvolume', 'create', path]);
  await btrfsDriver.claim(host, { kind: 'btrfs', path }, SOURCE);
  await expectRefused(join(path, 'inner'), `lies inside ${path}`);
  await expectRefused(await bind(path, at('bound')), `is ${path}`);
});

it('is no mounted dataset of a relationship, nor one below it', async () => {
  const pool = await TestPool.make();
  undo.push(() => pool.dispose());
  const dataset = `${pool.name}/wiki`;
  await pool.zfs('create', '-p', `${dataset}/inner`);
  await zfsDriver.claim(host, { kind: 'zfs', path: dataset }, SOURCE);
  const mountPoint = (await pool.zfs('get', '-Ho', 'value', 'mountpoint', dataset)).trim();
  await expectRefused(mountPoint, `is ${dataset}, the source of wiki`);
  await expectRefused(join(mountPoint, 'inner/x'), `lies inside ${dataset}`);
  await expectRefused(await bind(mountPoint, at('bound')), `is ${dataset}`);
});
