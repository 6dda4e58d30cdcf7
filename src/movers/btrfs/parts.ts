/** What is sent of one state, one subvolume after the other. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { StreamPlan } from '../../model/plan-stream';
import { placeOfPart, ROOT_PART } from '../../volumes/btrfs/folders';
import type { Capture } from '../../volumes/contract';

/** One subvolume, and where its stream starts from. */
export interface SentPart {
  path: string;
  base?: string;
}

/** Where the subvolumes of a capture are kept one by one, in the order in which they are sent: the outermost last. */
async function listParts(host: Host, folder: string): Promise<string[]> {
  const names = (await host.files.list(folder)).filter((name) => placeOfPart(name) !== undefined);
  return [...names.filter((name) => name !== ROOT_PART), ...names.filter((name) => name === ROOT_PART)];
}

/**
 * The outermost subvolume goes last: once it has arrived, everything has. An inner one starts from its own
 * former state, where there is one beside the base.
 */
export async function planParts(
  host: Host,
  capture: Pick<Capture, 'path' | 'syncId'>,
  base: StreamPlan['base'],
): Promise<SentPart[]> {
  const folder = join(dirname(dirname(capture.path)), 'parts', basename(capture.path));
  const names = await listParts(host, folder);
  const root = base && { base: base.sourceName };
  if (names.length === 0) return [{ path: capture.path, ...root }];
  const before = base ? dirname(base.sourceName) : undefined;
  const isInParts = before !== undefined && basename(dirname(before)) === 'parts';
  const former = isInParts ? await host.files.list(before) : [];
  return names.map((name) => {
    const path = join(folder, name);
    if (name === ROOT_PART) return { path, ...root };
    return { path, ...(former.includes(name) && before !== undefined && { base: join(before, name) }) };
  });
}
