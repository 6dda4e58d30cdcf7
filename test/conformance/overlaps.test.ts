/** Volumes lie apart: what is refused by whatever path, bind mount or symlink it is named, and what goes on working. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { Claim } from '../../src/model/records';
import { directoryDriver as driver } from '../../src/volumes/directory';
import { checkBeside } from '../../src/volumes/shared/apart';
import { TestFilesystem } from '../support/storage/filesystems';

let host: Host;
let folder: string;
const mounted: string[] = [];
let filesystem: TestFilesystem | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-overlaps-'));
  host = makeLocalHost({ name: 'alpha', home: join(folder, 'hosts/alpha') });
});
afterEach(async () => {
  for (const point of mounted.splice(0).reverse()) await runChecked(host, ['umount', point]);
  await filesystem?.dispose();
  filesystem = undefined;
  await rm(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => join(folder, ...parts);
const volumeAt = (path: string) => ({ kind: 'directory' as const, path });
const claimOf = (relationship: string, role: Claim['role']): Claim => ({ relationship, role, epoch: 1 });

async function makeFolder(...parts: string[]): Promise<string> {
  await mkdir(at(...parts), { recursive: true });
  return at(...parts);
}

async function bind(from: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  await runChecked(host, ['mount', '--bind', from, to]);
  mounted.push(to);
  return to;
}

async function claim(path: string, relationship: string, role: Claim['role'], on = host): Promise<void> {
  await driver.check(on, volumeAt(path), claimOf(relationship, role));
  await driver.claim(on, volumeAt(path), claimOf(relationship, role));
}

/** Refused by `check` and by `claim` alike, and nothing has come to be. */
async function expectRefused(path: string, role: Claim['role'], reason: string, on = host): Promise<void> {
  const before = await readdir(folder, { recursive: true });
  for (const step of ['check', 'claim'] as const) {
    await expect(driver[step](on, volumeAt(path), claimOf('other', role))).rejects.toMatchObject({
      type: 'Fenced',
      message: expect.stringContaining(reason) as unknown,
    });
  }
  expect(await readdir(folder, { recursive: true })).toEqual(before);
}

describe("another's target", () => {
  beforeEach(async () => claim(await makeFolder('data/mail'), 'mail', 'target'));

  it.each(['target', 'source'] as const)('has no %s inside of it, nor around it', async (role) => {
    await makeFolder('data/mail/inner');
    await expectRefused(at('data/mail/inner'), role, `lies inside ${at('data/mail')}, the target of mail`);
    await expectRefused(at('data'), role, `contains ${at('data/mail')}, the target of mail`);
  });

  it.each(['target', 'source'] as const)('is found by a %s behind symlinks', async (role) => {
    await makeFolder('data/mail/inner');
    await symlink(at('data'), at('link'));
    await expectRefused(at('link'), role, `contains ${at('data/mail')}`);
    await expectRefused(at('link/mail/inner'), role, `lies inside ${at('data/mail')}`);
  });

  it.each(['target', 'source'] as const)('is found by a %s behind bind mounts', async (role) => {
    await makeFolder('data/mail/inner');
    await bind(at('data'), at('bound'));
    await bind(at('data/mail/inner'), at('bound-inner'));
    await expectRefused(at('bound'), role, `contains ${at('data/mail')}`);
    await expectRefused(at('bound-inner'), role, `lies inside ${at('data/mail')}`);
    await expectRefused(at('bound/mail/inner'), role, `lies inside ${at('data/mail')}`);
  });

  it('is the same directory where a bind mount shows it at another place', async () => {
    await bind(at('data/mail'), at('bound'));
    await expectRefused(at('bound'), 'target', `same directory as ${at('data/mail')}, the target of mail`);
    await claim(at('bound'), 'onwards', 'source');
  });

  it('is copied on by another relationship: a chain', async () => {
    await claim(at('data/mail'), 'onwards', 'source');
    await driver.check(host, volumeAt(at('data/mail')), claimOf('mail', 'target'));
    await driver.check(host, volumeAt(at('data/mail')), claimOf('onwards', 'source'));
  });

  it('is known to the other agents of this machine', async () => {
    const beta = makeLocalHost({ name: 'beta', home: at('hosts/beta') });
    await bind(at('data/mail'), at('bound'));
    await expectRefused(at('bound'), 'target', 'same directory', beta);
    await rm(at('data/.tidemark'), { recursive: true });
    await expectRefused(at('data'), 'target', `contains ${at('data/mail')}`, beta);
  });

  it('is told by what is stored with it, whoever remembers it', async () => {
    const stranger = makeLocalHost({ name: 'gamma', home: at('elsewhere/gamma') });
    await makeFolder('data/mail/inner');
    await expectRefused(at('data'), 'target', `contains ${at('data/mail')}, the target of mail`, stranger);
    await expectRefused(at('data/mail/inner'), 'source', `lies inside ${at('data/mail')}`, stranger);
  });
});

describe("another's source", () => {
  beforeEach(async () => claim(await makeFolder('data/mail'), 'mail', 'source'));

  it('has no target inside of it, around it, or in its place', async () => {
    await bind(at('data/mail'), at('bound'));
    await expectRefused(
      at('data/mail/inner'),
      'target',
      `lies inside ${at('data/mail')}, the source of mail`,
    );
    await expectRefused(at('data'), 'target', `contains ${at('data/mail')}, the source of mail`);
    await expectRefused(at('bound'), 'target', `same directory as ${at('data/mail')}, the source of mail`);
  });

  it('may be a source once more, and have sources in and around it', async () => {
    await makeFolder('data/mail/inner');
    for (const path of ['data/mail', 'data/mail/inner', 'data'])
      await claim(at(path), `of-${path.length}`, 'source');
    await driver.check(host, volumeAt(at('data/mail')), claimOf('mail', 'source'));
  });

  it('may have a disk mounted in it that is a target', async () => {
    filesystem = await TestFilesystem.make('tmpfs');
    await bind(filesystem.mountPoint, at('data/mail/backups'));
    await claim(at('data/mail/backups'), 'other', 'target');
    await driver.check(host, volumeAt(at('data/mail')), claimOf('mail', 'source'));
  });

  it('is kept from a target also where nothing could be stored with it', async () => {
    filesystem = await TestFilesystem.make('xfs');
    await writeFile(join(filesystem.mountPoint, 'file'), 'x');
    await filesystem.unmount();
    await filesystem.mount(['ro']);
    await claim(filesystem.mountPoint, 'films', 'source');
    await expectRefused(join(filesystem.mountPoint, 'inner'), 'target', 'the source of films');
  });
});

it('finds a volume under another mount of its btrfs', async () => {
  filesystem = await TestFilesystem.make('btrfs');
  const volume = join(filesystem.mountPoint, 'pool/mail');
  await mkdir(join(filesystem.mountPoint, 'pool'));
  await runChecked(host, ['btrfs', 'subvolume', 'create', volume]);
  await claim(volume, 'mail', 'target');
  const device = (await runChecked(host, ['findmnt', '-no', 'SOURCE', filesystem.mountPoint])).stdout
    .toString()
    .trim();
  await makeFolder('mounted');
  await runChecked(host, ['mount', '-o', 'subvol=pool/mail', device.replace(/\[.*/, ''), at('mounted')]);
  mounted.push(at('mounted'));
  await expectRefused(at('mounted'), 'target', `same directory as ${volume}`);
  await expectRefused(at('mounted/inner'), 'target', `lies inside ${volume}`);
});

describe('what one document names on one host', () => {
  const source = { role: 'source' as const, volume: volumeAt('/nowhere') };
  const target = (path: string) =>
    checkBeside({ host, volume: volumeAt(path) }, claimOf('wiki', 'target'), others);
  let others: (typeof source | { role: 'target'; volume: ReturnType<typeof volumeAt> })[];

  beforeEach(async () => {
    others = [
      { ...source, volume: volumeAt(await makeFolder('wiki')) },
      { role: 'target', volume: volumeAt(at('copy')) },
    ];
  });

  it('is told where a target is the source itself, or another target, behind a bind mount or a symlink', async () => {
    await bind(at('wiki'), at('bound'));
    await symlink(at('wiki'), at('link'));
    await symlink(at('copy'), at('second'));
    for (const path of ['bound', 'link']) await expect(target(at(path))).rejects.toThrow('same directory');
    await expect(target(at('second'))).rejects.toThrow('same directory');
    await expect(target(at('link/inner'))).rejects.toThrow('lies inside');
    await target(at('third'));
  });
});
