/** The movers of a spec, and between which volume kinds each of them carries. */
import { z } from 'zod';
import type { VolumeKind } from '../records';
import { pattern, size } from '../spec-values';

const SAFE_RSYNC_OPTIONS = [
  '--fuzzy',
  '--no-xattrs',
  '--no-acls',
  '--no-devices',
  '--no-specials',
  '--no-hard-links',
  '--no-sparse',
  '--whole-file',
  '--fsync',
  '--preallocate',
  '--omit-dir-times',
  '--omit-link-times',
] as const;

const RsyncSchema = z
  .strictObject({
    exclude: z
      .array(pattern)
      .default([])
      .describe(
        'Patterns of rsync for what to leave out. What is excluded later goes from the replica at the next sync; older points keep it.',
      ),
    include: z.array(pattern).default([]).describe('Patterns that win over `exclude`.'),
    bandwidthLimit: size.optional().describe('At most so much per second.'),
    compress: z
      .enum(['auto', 'zstd', 'lz4', 'none'])
      .default('auto')
      .describe(
        '`auto` compresses where the last transfer over this link was slower than compression would be.',
      ),
    checksum: z
      .boolean()
      .default(false)
      .describe('Find changes by checksum, not by size and time. Reads everything.'),
    extraOptions: z
      .array(z.enum(SAFE_RSYNC_OPTIONS))
      .default([])
      .describe('Further options of rsync that are safe here.'),
  })
  .describe('Files by rsync.');

const ZfsSchema = z
  .strictObject({
    recursive: z.boolean().default(false).describe('With all datasets below it, as one state.'),
    properties: z
      .boolean()
      .default(false)
      .describe("Send the dataset's own properties too. Where it is mounted stays the target's matter."),
    intermediates: z
      .boolean()
      .default(false)
      .describe(
        'Carry the snapshots that users made between two syncs too. Left out, they stay at the source.',
      ),
    raw: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe(
        'Send blocks as they lie encrypted on disk. `auto`: where the dataset is encrypted; the target then needs no key.',
      ),
  })
  .describe('ZFS datasets by `zfs send`.');

const BtrfsSchema = z
  .strictObject({
    nested: z.boolean().default(false).describe('With all subvolumes inside of it, as one state.'),
  })
  .describe('Btrfs subvolumes by `btrfs send`.');

const ImageSchema = z
  .strictObject({
    names: z
      .array(pattern)
      .default([])
      .describe(
        'Patterns of the images to copy, as `registry/team/*:v1*`. Left out, and without `used`: all.',
      ),
    used: z.boolean().default(false).describe('The images that containers use, running or not.'),
  })
  .describe('Container images: those that the target lacks, by digest.');

export const MoverSchema = z
  .strictObject({
    rsync: RsyncSchema.optional(),
    zfs: ZfsSchema.optional(),
    btrfs: BtrfsSchema.optional(),
    image: ImageSchema.optional(),
  })
  .describe("What carries the bytes. Left out: rsync for a directory, otherwise the volume kind's own.");

/** The keys by which a mover is chosen. */
export const MOVER_KINDS = ['rsync', 'zfs', 'btrfs', 'image'] as const satisfies (keyof z.output<
  typeof MoverSchema
>)[];
export type MoverKind = (typeof MOVER_KINDS)[number];

/** The mover of a volume kind where a spec names none. */
export function defaultMoverKind(kind: VolumeKind): MoverKind {
  return kind === 'directory' ? 'rsync' : kind;
}

/** The same, with all its defaults. */
export function defaultMover(kind: VolumeKind): z.output<typeof MoverSchema> {
  return MoverSchema.parse({ [defaultMoverKind(kind)]: {} });
}

/** Between which volume kinds each mover carries. */
export const MOVER_VOLUMES: Readonly<Record<MoverKind, readonly VolumeKind[]>> = {
  rsync: ['directory'],
  zfs: ['zfs'],
  btrfs: ['btrfs'],
  image: ['image'],
};
