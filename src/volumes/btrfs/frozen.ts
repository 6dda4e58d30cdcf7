/** Whether a read-only subvolume is still what it was when its identity was given to it. */
import { STATE_FOLDER } from '../../model/paths';
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';

/** Times are told in whole seconds. */
const SECOND_MS = 1000;

interface Told {
  generation: number;
  createdGeneration: number;
  /** When it got its identity: as it was received, or else made. */
  since: Date;
  isReceived: boolean;
}

/** Reads `btrfs subvolume show`. */
export function parseShow(text: string): Told | undefined {
  const read = (key: string) => new RegExp(String.raw`^\s*${key}:\s+(\S.*)$`, 'm').exec(text)?.[1]?.trim();
  const received = read('Received UUID');
  const isReceived = received !== undefined && received !== '-';
  const since = new Date(read(isReceived ? 'Receive time' : 'Creation time') ?? '');
  if (Number.isNaN(since.getTime())) return undefined;
  return {
    generation: Number(read('Generation')),
    createdGeneration: Number(read('Gen at creation')),
    since,
    isReceived,
  };
}

/**
 * Somebody made it writable for a while, wrote to it and made it read-only again: nothing but the change times of
 * its files tells that, and those nobody can set. Reads the whole tree, except where a snapshot's generation is
 * still its first.
 */
export async function wasWritten(host: Host, path: string): Promise<boolean> {
  const shown = await host.run(['btrfs', 'subvolume', 'show', '--', path], { env: { TZ: 'UTC' } });
  const told = shown.exitCode === 0 ? parseShow(shown.stdout.toString()) : undefined;
  if (!told) return true;
  if (!told.isReceived && told.generation === told.createdGeneration) return false;
  const since = new Date(told.since.getTime() + SECOND_MS).toISOString();
  const find = ['find', '.', '-xdev', '-newerct', since, '-print', '-quit'];
  return (await runChecked(host, find, { cwd: path })).stdout.length > 0;
}

/** What another tool made, and others may have changed; what lies in Tidemark's own folders is nobody else's. */
export const isOthers = (path: string) => !path.split('/').includes(STATE_FOLDER);
