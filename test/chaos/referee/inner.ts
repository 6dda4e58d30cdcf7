/** What comes, goes and gets other names inside of a volume: child datasets, and subvolumes in subvolumes. */
import { execFile } from 'node:child_process';
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renameDatasets } from '../../support/storage/zfs-storage';
import type { Trees } from '../crash/trees';
import type { Adversary } from './mutations';

const exec = promisify(execFile);

const NAMES = ['c0', 'c1', 'a child'];

/** One change of the volumes inside; what it was. */
export type ChangeInner = (by: Adversary, storage: Trees, host: string) => Promise<string>;

async function tell(what: string, act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return what;
  } catch {
    return `${what} did nothing`;
  }
}

export const changeDatasets: ChangeInner = async (by, storage, host) => {
  const root = storage.endpoint(host).zfs ?? '';
  const [name, other] = [by.pick(NAMES), by.pick(NAMES)];
  const zfs = (...args: string[]) => exec('zfs', args);
  const kind = by.below(4);
  if (kind === 0)
    return tell(`rename child ${name} to ${other}`, () =>
      renameDatasets([`${root}/${name}`, `${root}/${other}`]),
    );
  if (kind === 1) return tell(`destroy child ${name}`, () => zfs('destroy', '-r', `${root}/${name}`));
  return tell(`create child ${name}`, async () => {
    await zfs('create', `${root}/${name}`);
    for (let index = 0; index < 4; index++)
      await writeFile(join(storage.folder(host), name, `f${index}`), by.content());
  });
};

export const changeSubvolumes: ChangeInner = async (by, storage, host) => {
  const at = (name: string) => join(storage.folder(host), name);
  const [name, other] = [by.pick(NAMES), by.pick(NAMES)];
  const kind = by.below(5);
  if (kind === 0) return tell(`rename subvolume ${name} to ${other}`, () => rename(at(name), at(other)));
  if (kind === 1)
    return tell(`delete subvolume ${name}`, () => exec('btrfs', ['subvolume', 'delete', at(name)]));
  if (kind === 2) {
    const folder = await by.folder(storage.folder(host));
    return tell(`folder ${folder} becomes a subvolume`, async () => {
      await exec('btrfs', ['subvolume', 'create', `${folder}.new`]);
      await cp(folder, `${folder}.new`, { recursive: true, verbatimSymlinks: true });
      await rm(folder, { recursive: true });
      await rename(`${folder}.new`, folder);
    });
  }
  return tell(`create subvolume ${name}`, async () => {
    await exec('btrfs', ['subvolume', 'create', at(name)]);
    for (let index = 0; index < 4; index++) await writeFile(join(at(name), `f${index}`), by.content());
  });
};
