/** Where a kind brings a recovery point to be read: folders in the agent's own, each for one use, and gone with it. */
import { join } from 'node:path';
import { formatBytes } from '../../model/units';
import type { Host, Runner } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachAt, reachHere } from '../../movers/reach';
import { forgetRooms, leaveReadingRoom, openKeptRoom, openReadingRoom, type RoomFor } from '../pvc';
import { shortHash } from './short-hash';
import { makeError, type Subject } from './tools';

export type Use = Omit<TransferId, 'syncId'>;

/** Kept free beside what is brought there. */
const SPARE_BYTES = 64 * 1024 ** 2;

/**
 * Before anything is brought there.
 * @param what as the message begins: `to be read, what the peer holds is brought to /x first`
 * @throws TidemarkError `TargetFull`
 */
export async function checkScratchRoom(
  subject: Subject & { runner?: Runner },
  { path, bytes, what }: { path: string; bytes: number; what: string },
): Promise<void> {
  const { host, runner = host } = subject;
  const { freeBytes } = await runner.files.room(path);
  if (freeBytes >= bytes + SPARE_BYTES) return;
  const hint = host.cluster
    ? 'it lies in a claim that bears tidemark.dev/role=room: delete that, and the next sync makes one as large as it takes'
    : `make room there, or start the agent of ${host.name} with its --home on a larger filesystem`;
  throw makeError(
    subject,
    'TargetFull',
    `${what}, which takes ${formatBytes(bytes)}, and ${formatBytes(freeBytes)} are free`,
    { hint },
  );
}

/** Where something was brought, and how to let go of it. */
interface Brought {
  runner: Runner;
  folder: string;
}

/**
 * What is read once: in a folder of the agent's own, or for a cluster in a claim, which go as it is let go of.
 * @param name of the folder that holds all of a kind's
 * @param verb what the programs that bring something are marked by
 */
export function makeScratch(name: string, verb: string) {
  const root = ({ home }: Host) => join(home, name);
  const folderOf = (host: Host, { relationship, target }: Use) =>
    join(root(host), encodeURIComponent(relationship), encodeURIComponent(target));
  const attemptOf = ({ home }: Host, { relationship, target }: Use) =>
    `${verb}:${relationship}:${target}:${home}`;
  const roomOf = ({ relationship, target }: Use) => ({ relationship, what: `${name}:${target}` });
  const leave = async (subject: Subject, use: Use) => {
    const { host } = subject;
    if (host.cluster) return await leaveReadingRoom(subject, roomOf(use));
    await host.endAttempts(attemptOf(host, use));
    await host.files.remove(folderOf(host, use));
  };
  const openHere = async (subject: Subject, use: Use): Promise<Reach> => {
    const { host } = subject;
    await leave(subject, use);
    const folder = folderOf(host, use);
    return { ...reachHere(host, folder), close: () => host.files.remove(folder) };
  };
  return {
    folderOf,
    attemptOf,
    /** Ends what brings something for a use, and removes it. */
    leave,
    /** The agent starts: what its former life has brought nobody reads any more. What brought it ended with it. */
    sweep: (host: Host): Promise<void> => host.files.remove(root(host)),
    /**
     * Brings something, in place of what was there for this use, and reaches it until it is let go of.
     * @param fill answers where it is to be read
     */
    async open(
      subject: Subject,
      use: Use,
      size: RoomFor,
      fill: (brought: Brought) => Promise<string>,
    ): Promise<Reach> {
      const reach = subject.host.cluster
        ? await openReadingRoom(subject, roomOf(use), size)
        : await openHere(subject, use);
      try {
        return reachAt(reach, await fill({ runner: reach.runner, folder: reach.path }));
      } catch (error) {
        await reach.close();
        throw error;
      }
    },
  };
}

/** In a folder with a tree that was brought there to the end. */
const WHOLE = 'whole';

/** Changes the tree in a folder. Broken off, it is of two states, and no `openWhole` gives it away. */
export async function changeTree<T>(runner: Runner, folder: string, change: () => Promise<T>): Promise<T> {
  const mark = join(folder, WHOLE);
  await runner.files.remove(mark);
  const result = await change();
  await runner.files.write(mark, '');
  return result;
}

/**
 * What a relationship reads again and again stays, so that the next time only what is new is fetched: in folders of the agent's
 * own, or for a cluster in claims.
 * @param name of the folder that holds all of a kind's
 */
export function makeKept(name: string) {
  const folderOfRelationship = ({ home }: Host, relationship: string) =>
    join(home, name, encodeURIComponent(relationship));
  /** @param size left out: what is there already */
  const open = async (subject: Subject, relationship: string, size?: RoomFor): Promise<Reach> => {
    const { host, volume } = subject;
    const own = shortHash(volume.path);
    if (host.cluster) return await openKeptRoom(subject, { relationship, what: `${name}:${own}` }, size);
    return reachHere(host, join(folderOfRelationship(host, relationship), own));
  };
  return {
    /** The place for what is read of a volume. */
    open,
    /** What was read of it last. @throws TidemarkError `NotReady` where that was broken off as the tree was changed */
    async openWhole(subject: Subject, relationship: string): Promise<Reach> {
      const room = await open(subject, relationship);
      if ((await room.runner.files.read(join(room.path, WHOLE))) !== undefined) return room;
      await room.close();
      throw makeError(subject, 'NotReady', 'what was read of it last is not whole: that was broken off', {
        hint: `the next sync completes it: tidemark sync ${relationship} --wait`,
      });
    },
    /** The relationship is deleted. */
    forget: async (host: Host, relationship: string): Promise<void> => {
      await forgetRooms(host, relationship);
      await host.files.remove(folderOfRelationship(host, relationship));
    },
  };
}
