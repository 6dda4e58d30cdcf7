/**
 * What this agent has claimed, kept in its own home: a volume that is remembered here and knows
 * nothing of its claim any more is not the volume that it was, most often because it isn't mounted.
 */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { declarationOf, VOLUME_KINDS } from '../../model/kinds';
import type { Claim } from '../../model/records';
import type { OtherVolume } from '../../model/overlaps';
import type { Host } from '../../hosts/contract';
import { withLock } from './lock';
import { isInside, type Mount } from '../../trees/mounts';
import { type Subject, writeRecord } from './tools';

const RememberedSchema = z.object({
  kind: z.enum(VOLUME_KINDS),
  /** Where a folder was without symlinks, when it was last claimed. */
  root: z.string().exactOptional(),
  /** By relationship. */
  claims: z.record(
    z.string(),
    z.object({
      role: z.enum(['source', 'target']),
      /** False for a source that can only be read: nothing can be kept with it. */
      isStored: z.boolean(),
    }),
  ),
});

type Remembered = z.output<typeof RememberedSchema>;

/** By volume path. */
const MemorySchema = z.record(z.string(), RememberedSchema);

type Memory = z.output<typeof MemorySchema>;

const MEMORY_FILE = 'volumes.json';

/** In these, the agents of one machine have their homes side by side. */
const SHARED_HOMES = ['hosts', 'agents'];

const memoryPath = ({ home }: Pick<Host, 'home'>) => join(home, MEMORY_FILE);

async function readMemory(host: Host, path = memoryPath(host)): Promise<Memory> {
  const text = await host.files.read(path);
  return text === undefined ? {} : MemorySchema.parse(JSON.parse(text));
}

/** A claim was stored with this volume. */
export async function isRemembered({ host, volume }: Subject, relationship: string): Promise<boolean> {
  const memory = await readMemory(host);
  return memory[volume.path]?.claims[relationship]?.isStored === true;
}

/** The folder in which agents of this machine have their homes; undefined where this one has it for itself. */
export function sharedHomes({ home }: Pick<Host, 'home'>): string | undefined {
  const folder = dirname(home);
  return SHARED_HOMES.includes(basename(folder)) ? folder : undefined;
}

/** The homes of the agents of this machine, as far as they lie side by side; none where this one has its own for itself. */
async function listHomes(host: Host): Promise<string[]> {
  const folder = sharedHomes(host);
  return folder === undefined ? [] : (await host.files.list(folder)).map((name) => join(folder, name));
}

/** This host, and those whose agents have their homes beside its own: several names of one machine. */
export async function listHostsHere(host: Host): Promise<string[]> {
  const names = (await listHomes(host)).map((home) => basename(home));
  return [host.name, ...names.filter((name) => name !== host.name)];
}

async function readAllMemories(host: Host): Promise<Memory[]> {
  const others = (await listHomes(host)).filter((home) => home !== host.home);
  return await Promise.all([
    readMemory(host),
    ...others.map((home) => readMemory(host, join(home, MEMORY_FILE)).catch(ignoreOthers)),
  ]);
}

/** What an agent of another user has claimed is not known to this one, who may not read its state. */
function ignoreOthers(error: unknown): Memory {
  if ((error as NodeJS.ErrnoException).code === 'EACCES') return {};
  throw error;
}

/** A volume that somebody has claimed here, and the folders in which it is found, without symlinks. */
export interface ClaimedVolume extends OtherVolume {
  kind: Remembered['kind'];
  folders: string[];
}

/**
 * Every volume that is claimed on this machine, as far as its agents remember: once for each claim.
 * @param whole with the folders of all datasets below a dataset, whether or not they are carried.
 */
export async function listClaimed(
  host: Host,
  mounts: readonly Mount[],
  whole = false,
): Promise<ClaimedVolume[]> {
  const memories = await readAllMemories(host);
  return memories.flatMap(Object.entries<Remembered>).flatMap(([path, { kind, root, claims }]) =>
    Object.entries(claims).map(([relationship, { role }]) => ({
      ...{ path, kind, relationship, role },
      folders:
        declarationOf(kind).files === 'where-mounted'
          ? mountPointsOf(mounts, path, whole)
          : root === undefined
            ? []
            : [root],
    })),
  );
}

/** Where a dataset, or with all below it, is mounted now. */
export function mountPointsOf(mounts: readonly Mount[], dataset: string, whole = false): string[] {
  const isZfs = ({ type }: Mount) => type === 'zfs' || type === 'fuse.zfs';
  const isMeant = ({ source }: Mount) => (whole ? isInside(source, dataset) : source === dataset);
  return mounts.filter((mount) => isZfs(mount) && isMeant(mount)).map(({ point }) => point);
}

interface Noted extends Pick<Claim, 'relationship' | 'role'> {
  root?: string;
  isStored?: boolean;
}

/** Remembers a claim. Idempotent. */
export async function noteClaim(
  subject: Subject,
  { relationship, role, root, isStored = true }: Noted,
): Promise<void> {
  const { kind } = subject.volume;
  await changeMemory(subject, (before) => {
    const at = root ?? before?.root;
    const claims = { ...before?.claims, [relationship]: { role, isStored } };
    return { kind, ...(at !== undefined && { root: at }), claims };
  });
}

/** Forgets it. Idempotent. */
export async function forgetClaim(subject: Subject, relationship: string): Promise<void> {
  await changeMemory(subject, (before) => {
    const { [relationship]: _forgotten, ...claims } = before?.claims ?? {};
    return before && Object.keys(claims).length > 0 ? { ...before, claims } : undefined;
  });
}

async function changeMemory(
  subject: Subject,
  change: (before: Remembered | undefined) => Remembered | undefined,
): Promise<void> {
  const path = memoryPath(subject.host);
  await withLock(path, async () => {
    const memory = await readMemory(subject.host);
    const before = memory[subject.volume.path];
    const after = change(before);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const { [subject.volume.path]: _replaced, ...others } = memory;
    await writeRecord(subject, path, after ? { ...others, [subject.volume.path]: after } : others);
  });
}
