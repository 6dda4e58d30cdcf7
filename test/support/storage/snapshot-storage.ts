/** Storage that names its states by identity, as the suites of its kinds work with it. */
import { link, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import type { HeldState, Volume } from '../../../src/model/records';
import type { MoverSpec } from '../../../src/model/spec';
import type { Mover } from '../../../src/movers/contract';
import type { VolumeDriver } from '../../../src/volumes/contract';
import type { IsLooking } from '../hosts/cut-host';

export interface SnapshotStorage {
  title: string;
  driver: VolumeDriver;
  mover: Mover;
  /** The mover's spec, all defaults. */
  spec: MoverSpec;
  /** A volume of its own: there, empty, claimed by nobody. */
  makeVolume(): Promise<Volume>;
  /** A volume that is not there yet, where one can be made. */
  nameVolume(): Promise<Volume>;
  /** Where a volume's files are. */
  pathOf(volume: Volume): Promise<string>;
  /** Freezes it as a person or another tool does. */
  snapshot(volume: Volume, name: string): Promise<void>;
  /** The names that `snapshot` gave, of those that are there still. */
  snapshots(volume: Volume): Promise<string[]>;
  /** How many volumes, snapshots and what else of them the storage holds. */
  count(): Promise<number>;
  /** Copies a state as another tool does, to where there is nothing yet. */
  copyByHand(source: Volume, state: HeldState, target: Volume): Promise<void>;
  /** Destroys a state whatever holds it, as a person who insists. */
  destroyState(volume: Volume, state: HeldState): Promise<void>;
  /** Writes to a replica that nobody is to write to, as a person who insists. */
  force(volume: Volume, write: () => Promise<void>): Promise<void>;
  /** Overwrites a text where it lies on the target's disk, behind the back of the storage. */
  damage?(text: string): Promise<void>;
  /** A program of this storage that changes nothing. */
  isLooking: IsLooking;
  /** What a person froze lies by itself: nothing that takes the replica's place touches it. */
  keepsApart?: true;
  /** What was made by comparing files is a state that no other side can hold. */
  deltaIsNoBase?: true;
  /** A stream that carries the snapshots in between, where the kind can. */
  intermediates?: MoverSpec;
  dispose(): Promise<void>;
}

const host = makeLocalHost({ name: 'files', home: tmpdir() });

/** Files of several kinds, as every storage can hold them. */
export async function makeFiles(root: string): Promise<void> {
  await mkdir(join(root, 'folder/inner'), { recursive: true });
  await writeFile(join(root, 'content'), Buffer.alloc(300_000, 'content '));
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'folder/inner/secret'), 'x', { mode: 0o600 });
  await writeFile(join(root, 'folder/name with\nline break'), 'x');
  await symlink('../content', join(root, 'folder/link'));
  await link(join(root, 'content'), join(root, 'folder/second name'));
  await utimes(join(root, 'empty'), 1_000_000_000, 1_000_000_000);
}

/** A sum over names, contents, modes, owners and times. */
export async function describeFiles(root: string): Promise<string> {
  const tar = ['tar', '--sort=name', '--numeric-owner', '-cf', '-', '-C', root, '.'];
  const [packed, summed] = await host.pipe([tar, ['sha256sum']]);
  if (packed?.exitCode !== 0 || !summed) throw new Error(packed?.stderr);
  const { stdout } = await runChecked(host, ['find', root, '-mindepth', '1', '-printf', '%P %s %m\\n']);
  return [summed.stdout.toString(), ...stdout.toString().split('\n').sort()].join('\n');
}
