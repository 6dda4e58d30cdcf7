/**
 * The manifest of a state: everything that each file of a tree is. Pure. JSON lines: a head, an entry for each file and folder,
 * sorted by the bytes of their paths, and an end that says how many there were.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toText } from './layout';

/** What a listing of the store says of an object. It is another object when either differs. */
export interface ObjectMark {
  bytes: number;
  /** As the store has it, to be compared and not to be understood. */
  time: string;
  /** What the store's listing says of the content, where it does: times may be in seconds. */
  hash?: string;
}

/** One entry of a tree. */
export interface Entry {
  /** Below the root, empty for the root itself; bytes, one character each (`latin1`). */
  path: string;
  /** As `find -type` names it. */
  type: 'f' | 'd' | 'l' | 'p' | 'b' | 'c';
  /** Octal, without the type. */
  mode: string;
  uid: string;
  gid: string;
  /** Seconds with nine decimals. */
  mtime: string;
  /** Of a file. */
  bytes?: number;
  /** Of a file: hexadecimal. */
  sha256?: string;
  /** Of a file that is in the bucket. */
  object?: ObjectMark;
  /** Of a file that takes less on the disk than it is long. */
  hasHoles?: true;
  /** Of a further name of one file: the path of the first. */
  linkOf?: string;
  /** Of a symlink: bytes, one character each. */
  target?: string;
  /** Of a device: `8:1`. */
  device?: string;
  /** ACLs too. Values in hexadecimal. */
  xattrs?: Readonly<Record<string, string>>;
}

export interface Manifest {
  relationship: string;
  epoch: number;
  syncId: string;
  entries: readonly Entry[];
}

const VERSION = 1;

/** Text where it is text, else its bytes. */
const TextSchema = z.union([z.string(), z.strictObject({ base64: z.string() })]);
type Text = z.output<typeof TextSchema>;

const encodeText = (latin1: string): Text =>
  toText(latin1) ?? { base64: Buffer.from(latin1, 'latin1').toString('base64') };
const decodeText = (text: Text): string =>
  typeof text === 'string'
    ? Buffer.from(text, 'utf8').toString('latin1')
    : Buffer.from(text.base64, 'base64').toString('latin1');

const HeadSchema = z.object({
  tidemark: z.literal('manifest'),
  version: z.literal(VERSION),
  relationship: z.string(),
  epoch: z.number(),
  syncId: z.string(),
});
const EndSchema = z.strictObject({ end: z.literal(true), entries: z.number() });
const HEX = /^[0-9a-f]*$/;
const EntrySchema = z.strictObject({
  path: TextSchema,
  type: z.enum(['f', 'd', 'l', 'p', 'b', 'c']),
  mode: z.string().regex(/^[0-7]{1,5}$/),
  uid: z.string().regex(/^\d+$/),
  gid: z.string().regex(/^\d+$/),
  mtime: z.string().regex(/^-?\d+\.\d{9}$/),
  bytes: z.number().int().nonnegative().exactOptional(),
  sha256: z.string().length(64).regex(HEX).exactOptional(),
  object: z
    .strictObject({ bytes: z.number(), time: z.string(), hash: z.string().exactOptional() })
    .exactOptional(),
  hasHoles: z.literal(true).exactOptional(),
  linkOf: TextSchema.exactOptional(),
  target: TextSchema.exactOptional(),
  device: z
    .string()
    .regex(/^\d+:\d+$/)
    .exactOptional(),
  xattrs: z
    .record(z.string().regex(/^(user|trusted|security|system)\.[^\n=]+$/), z.string().regex(HEX))
    .exactOptional(),
});

/** In one order of keys, however the entry was made: identities are made of this. */
function encodeEntry(entry: Entry): string {
  const { path, type, mode, uid, gid, mtime, bytes, sha256, object, hasHoles, device } = entry;
  const linkOf = entry.linkOf === undefined ? undefined : encodeText(entry.linkOf);
  const target = entry.target === undefined ? undefined : encodeText(entry.target);
  const xattrs = entry.xattrs && Object.fromEntries(Object.entries(entry.xattrs).toSorted());
  return JSON.stringify({
    ...{ path: encodeText(path), type, mode, uid, gid, mtime, bytes, sha256, object, hasHoles },
    ...{ linkOf, target, device, xattrs },
  });
}

function decodeEntry(value: unknown): Entry {
  const { path, linkOf, target, ...rest } = EntrySchema.parse(value);
  return {
    path: decodeText(path),
    ...rest,
    ...(linkOf !== undefined && { linkOf: decodeText(linkOf) }),
    ...(target !== undefined && { target: decodeText(target) }),
  };
}

export function encodeManifest({ entries, ...head }: Manifest): string {
  const lines = [
    JSON.stringify({ tidemark: 'manifest', version: VERSION, ...head }),
    ...entries.map(encodeEntry),
    JSON.stringify({ end: true, entries: entries.length }),
  ];
  return `${lines.join('\n')}\n`;
}

/** By the bytes of their paths: a folder comes before what is in it. */
export const byPath = (one: Entry, other: Entry): number =>
  one.path < other.path ? -1 : one.path > other.path ? 1 : 0;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * What is wrong with entries as a tree; undefined where nothing is. A store need not be trusted: nothing of what it says may
 * lead out of the folder that it is restored into.
 */
export function findFault(entries: readonly Entry[]): string | undefined {
  const seen = new Map<string, Entry>();
  for (const entry of entries) {
    const { path, type, linkOf } = entry;
    if (seen.has(path)) return `${JSON.stringify(path)} is there twice`;
    const names = path.split('/');
    const isBad = names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
    if (path !== '' && isBad) return `${JSON.stringify(path)} is no path`;
    if (path === '' ? type !== 'd' : seen.get(parentOf(path))?.type !== 'd')
      return `${JSON.stringify(path)} lies in no folder`;
    if (type === 'f' && (entry.bytes === undefined || entry.sha256 === undefined))
      return `${JSON.stringify(path)} has no checksum`;
    if (type === 'l' && !entry.target) return `${JSON.stringify(path)} leads nowhere`;
    if ((type === 'b' || type === 'c') && !entry.device) return `${JSON.stringify(path)} is no device`;
    const first = linkOf === undefined ? undefined : seen.get(linkOf);
    if (linkOf !== undefined && (first?.type !== type || first.linkOf !== undefined))
      return `${JSON.stringify(path)} is a name of nothing`;
    seen.set(path, entry);
  }
  return seen.has('') ? undefined : 'there is no root';
}

/** @throws Error that says what is wrong: it was cut off, or nobody of ours has written it */
export function decodeManifest(text: string): Manifest {
  const lines = text.split('\n').filter((line) => line !== '');
  const [first, ...rest] = lines.map((line): unknown => JSON.parse(line));
  const { relationship, epoch, syncId } = HeadSchema.parse(first);
  const { entries: count } = EndSchema.parse(rest.pop());
  const entries = rest.map(decodeEntry);
  if (count !== entries.length) throw new Error(`${count} entries were written, ${entries.length} are there`);
  const fault = findFault(entries);
  if (fault !== undefined) throw new Error(fault);
  return { relationship, epoch, syncId, entries };
}

/** What a state is, wherever its objects lie: two of one identity are the same to the last byte and attribute. */
export function identityOf(entries: readonly Entry[]): string {
  const hash = createHash('sha256');
  for (const { object: _where, ...entry } of entries) hash.update(`${encodeEntry(entry)}\n`);
  return `bucket:${hash.digest('hex')}`;
}
