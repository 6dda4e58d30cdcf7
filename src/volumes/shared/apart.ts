/** Volumes lie apart from each other, by whatever path, bind mount or symlink somebody names them. */
import type { Host } from '../../hosts/contract';
import type { Claim, Volume } from '../../model/records';
import { declarationOf } from '../../model/kinds';
import { objectToOverlap, type OtherVolume } from '../../model/overlaps';
import { type ClaimedVolume, listClaimed, mountPointsOf } from './memory';
import { type Mount, readMounts, relateFolders } from '../../trees/mounts';
import { placesOf } from './devices';
import { makeError, type Subject } from './tools';

type Party = Pick<Claim, 'role' | 'relationship'>;

const HINT = 'choose a directory apart from every other volume; see what uses it: tidemark get';

/** Where a volume is: without symlinks; nowhere as long as a dataset is not mounted. */
export interface Folders {
  mounts: readonly Mount[];
  folders: readonly string[];
}

/** Why a volume can't be used beside another one; undefined where it can. */
export function findOverlap(
  wanted: Party,
  { mounts, folders }: Folders,
  other: OtherVolume & { folders: readonly string[] },
): string | undefined {
  for (const folder of folders) {
    for (const there of other.folders) {
      const lies = relateFolders(mounts, folder, there);
      const objection = lies && objectToOverlap(wanted, other, lies);
      if (objection !== undefined) return objection;
    }
  }
  return undefined;
}

/** Datasets are compared by their names, and who reads files takes an engine's store for what it finds there. */
function isCompared({ volume }: Subject, { role }: Party, other: ClaimedVolume): boolean {
  if (other.path === volume.path) return false;
  const { files } = declarationOf(other.kind);
  if (files === 'known-to-tool') return role === 'target';
  return files !== 'where-mounted' || declarationOf(volume.kind).files !== 'where-mounted';
}

/**
 * Of what the agents of this machine remember: a sync makes its target equal to the source, so what lies inside
 * would go, and what holds it would be copied into itself, or take it away.
 * @throws TidemarkError `Fenced`
 */
export async function checkApart(subject: Subject, wanted: Party, where: Folders): Promise<void> {
  const claimed = await listClaimed(subject.host, where.mounts);
  for (const other of claimed.filter((each) => isCompared(subject, wanted, each))) {
    const objection = findOverlap(wanted, where, other);
    if (objection !== undefined) throw makeOverlap(subject, objection);
  }
}

export function makeOverlap(subject: Subject, objection: string) {
  return makeError(subject, 'Fenced', objection, { hint: HINT });
}

async function findFolders(host: Host, { kind, path }: Volume, mounts: readonly Mount[]): Promise<string[]> {
  const { files } = declarationOf(kind);
  if (files === 'where-mounted') return mountPointsOf(mounts, path);
  if (files === 'known-to-tool') return [];
  return kind === 'block' ? await placesOf(host, path) : [await host.files.resolve(path)];
}

/**
 * Of the volumes that one document names on this host, before any of them is claimed.
 * @throws TidemarkError `Fenced`
 */
export async function checkBeside(
  subject: Subject,
  wanted: Party,
  others: readonly { volume: Volume; role: Claim['role'] }[],
): Promise<void> {
  const { host, volume } = subject;
  const mounts = await readMounts(host);
  const where = { mounts, folders: await findFolders(host, volume, mounts) };
  for (const { volume: other, role } of others) {
    // Two of its targets are as foreign to each other as those of two relationships.
    const relationship = role === wanted.role ? 'this relationship' : wanted.relationship;
    const folders = await findFolders(host, other, mounts);
    const objection = findOverlap(wanted, where, { path: other.path, role, relationship, folders });
    if (objection !== undefined) throw makeOverlap(subject, objection);
  }
}
