/** Where a kind brings a recovery point to be read: folders in the agent's own, each for one use, and gone with it. */
import { join } from 'node:path';
import { formatBytes } from '../../model/units';
import type { Host, Runner } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import { type Reach, reachHere } from '../../movers/reach';
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
  throw makeError(
    subject,
    'TargetFull',
    `${what}, which takes ${formatBytes(bytes)}, and ${formatBytes(freeBytes)} are free`,
    { hint: `make room there, or start the agent of ${host.name} with its --home on a larger filesystem` },
  );
}

/**
 * @param name of the folder that holds all of a kind's
 * @param verb what the programs that bring something are marked by
 */
export function makeScratch(name: string, verb: string) {
  const root = ({ home }: Host) => join(home, name);
  const folderOf = (host: Host, { relationship, target }: Use) =>
    join(root(host), encodeURIComponent(relationship), encodeURIComponent(target));
  const attemptOf = ({ home }: Host, { relationship, target }: Use) =>
    `${verb}:${relationship}:${target}:${home}`;
  const leave = async (host: Host, use: Use) => {
    await host.endAttempts(attemptOf(host, use));
    await host.files.remove(folderOf(host, use));
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
    async open(host: Host, use: Use, fill: (folder: string) => Promise<string>): Promise<Reach> {
      await leave(host, use);
      const folder = folderOf(host, use);
      const close = () => host.files.remove(folder);
      try {
        return { ...reachHere(host, await fill(folder)), close };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
