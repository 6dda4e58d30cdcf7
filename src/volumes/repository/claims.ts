/** Whose turn it is to write: a repository is shared, and each relationship has its own snapshots in it. */
import type { Claim, Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Inspection, VolumeDriver } from '../contract';
import { forgetClaim, isRemembered, noteClaim } from '../shared/memory';
import { makeError } from '../shared/tools';
import { type Repository, repositoryAt } from './restic';
import { lookInto, settle } from './looks';
import { listSnapshots, makeRepository, newestEpoch, pointsAmong } from './snapshots';

const WHY_NOT = 'a repository keeps snapshots of its own: leave copyMethod out';
/** Nobody can ask an object store how much room it has. */
const NOBODY_KNOWS = Number.MAX_SAFE_INTEGER;

/** `inspect` of the volume contract. What others keep in it is no matter of a relationship's. */
export async function inspect(host: Host, volume: Volume): Promise<Inspection> {
  return {
    ...{
      exists: (await lookInto(repositoryAt(host, volume))) !== undefined,
      filesystem: 'restic',
      mountPoint: volume.path,
    },
    ...{ empty: true, freeBytes: NOBODY_KNOWS, capture: ['Snapshot'], points: ['Snapshot'] },
    whyNot: { Clone: WHY_NOT, HardLink: WHY_NOT, Direct: WHY_NOT },
  };
}

/** @throws TidemarkError `Fenced` where a later primary has written to it */
async function checkEpoch(repository: Repository, { relationship, epoch }: Claim): Promise<void> {
  const newest = newestEpoch(await listSnapshots(repository, relationship));
  if (newest <= epoch) return;
  throw makeError(
    repository,
    'Fenced',
    `it has recovery points of ${relationship} of epoch ${newest}, and this is epoch ${epoch}: another host is the primary by now`,
    { hint: `tidemark describe ${relationship} says which` },
  );
}

/**
 * A repository that was there is not made anew without a word: it may be away, or its URL may be another one's by now.
 * @throws TidemarkError `VolumeMissing`, `Fenced`
 */
async function checkState(
  repository: Repository,
  wanted: Claim,
  { approved = false }: { approved?: boolean } = {},
): Promise<{ exists: boolean }> {
  const exists = (await lookInto(repository)) !== undefined;
  if (!exists && !approved && (await isRemembered(repository, wanted.relationship))) {
    throw makeError(repository, 'VolumeMissing', 'the repository is gone', {
      hint: `bring it back, or correct its URL; tidemark approve ${wanted.relationship} makes a new one`,
    });
  }
  await checkEpoch(repository, wanted);
  return { exists };
}

type Options = Parameters<VolumeDriver['check']>[3];

/** `check` of the volume contract. A repository that was never there is made when it is claimed. */
export async function check(host: Host, volume: Volume, wanted: Claim, options?: Options): Promise<void> {
  // Who only reads is told by what it reads.
  if (wanted.role === 'source') return;
  await checkState(repositoryAt(host, volume), wanted, options);
}

/** `claim` of the volume contract: makes the repository where it is missing; each snapshot says of which epoch it is. */
export async function claim(host: Host, volume: Volume, wanted: Claim, options?: Options): Promise<void> {
  if (wanted.role === 'source') return;
  const repository = repositoryAt(host, volume);
  const { exists } = await checkState(repository, wanted, options);
  if (!exists) await makeRepository(repository);
  await noteClaim(repository, wanted);
}

/** `disclaim` of the volume contract: nothing of it says whose it is but its recovery points, which stay. */
export async function disclaim(host: Host, volume: Volume, relationship: string): Promise<void> {
  const repository = repositoryAt(host, volume);
  await settle(repository);
  await forgetClaim(repository, relationship);
}

/** `points` of the volume contract. */
export async function points(host: Host, volume: Volume, relationship: string): Promise<Point[]> {
  return pointsAmong(await listSnapshots(repositoryAt(host, volume), relationship)).map(({ point }) => point);
}
