/** What a recovery point holds, as `restic ls` tells it: nothing is restored. */
import { z } from 'zod';
import { makeRecordReader } from '../../hosts/record-reader';
import type { Host } from '../../hosts/contract';
import type { Entry, EntryType } from '../../model/point-content';
import type { Volume } from '../../model/records';
import type { ListRequest } from '../contract';
import { isOther, findOtherSnapshot } from './others';
import { repositoryAt, runResticChecked } from './restic';
import { findKept } from './snapshots';

const NodeSchema = z.object({
  struct_type: z.literal('node'),
  path: z.string(),
  type: z.string(),
  uid: z.number(),
  gid: z.number(),
  size: z.number().default(0),
  permissions: z.string().default(''),
  mtime: z.string(),
});

const TYPES: Readonly<Record<string, EntryType>> = {
  file: 'file',
  dir: 'folder',
  symlink: 'link',
  fifo: 'pipe',
  socket: 'socket',
  dev: 'device',
  chardev: 'device',
};

/** As restic has it, in its own zone: `2026-11-21T09:02:10.5+01:00`. */
function toInstant(time: string): string | undefined {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return undefined;
  const [, decimals = ''] = /\.(\d+)/.exec(time) ?? [];
  return `${at.toISOString().slice(0, -5)}.${decimals.padEnd(9, '0').slice(0, 9)}Z`;
}

/** Of `-rwxr-x---` and the like, with letters before it for what else is set, as Go writes them: octal. */
export function readMode(permissions: string): string | undefined {
  const [, before = '', letters = ''] = /^(.*)((?:[-r][-w][-x]){3})$/.exec(permissions) ?? [];
  if (letters === '') return undefined;
  const bits = (text: string, of: string) =>
    [...of].reduce((sum, letter, at) => sum + (text.includes(letter) ? 4 >> at : 0), 0);
  const digits = [0, 3, 6].map((at) => bits(letters.slice(at, at + 3), 'rwx'));
  const special = bits(before, 'ugt');
  return parseInt(`${special}${digits.join('')}`, 8).toString(8);
}

/** A line of `restic ls --json`; undefined for what is no entry. */
export function parseNode(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  const { data } = NodeSchema.safeParse(JSON.parse(line));
  if (!data) return undefined;
  const { path, type, uid, gid, size, permissions, mtime } = data;
  const mode = readMode(permissions);
  const modifiedAt = toInstant(mtime);
  return {
    ...{ path: path.replace(/^\//, ''), type: TYPES[type] ?? 'device', owner: `${uid}:${gid}` },
    ...(type === 'file' && { bytes: size }),
    ...(mode !== undefined && { mode }),
    ...(modifiedAt !== undefined && { modifiedAt }),
  };
}

/** `listContent` of the volume contract. Without a lock: a lock of ours would keep a sync from forgetting what retention drops. */
export async function listContent(
  host: Host,
  volume: Volume,
  { relationship, pointId, folder = '', deep, signal }: ListRequest,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const repository = repositoryAt(host, volume);
  const { snapshot } = isOther(pointId)
    ? await findOtherSnapshot(repository, relationship, pointId)
    : await findKept(repository, relationship, pointId);
  const reader = makeRecordReader((line) => {
    const entry = parseNode(Buffer.from(line, 'latin1').toString());
    if (entry && entry.path !== '') onEntry(entry);
  }, '\n');
  const how = ['--no-lock', '--json', ...(deep ? ['--recursive'] : [])];
  await runResticChecked(repository, ['ls', ...how, snapshot.id, `/${folder}`], {
    ...{ onStdout: reader.push, maxOutputBytes: 64 * 1024, endsWithAgent: true },
    ...(signal && { signal }),
  });
}
