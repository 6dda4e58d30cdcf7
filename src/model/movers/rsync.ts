/** rsync: files, by comparing both trees. */
import type { output } from 'zod';
import type { SpecValues } from '../spec-values';
import type { MoverDeclaration } from './contract';
import type { Filters } from './filters';

const SAFE_OPTIONS = [
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

export const rsync = {
  schema: ({ z, pattern, size }: SpecValues) =>
    z
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
        keepExtra: z
          .boolean()
          .default(false)
          .describe(
            'What a target has and the source has not, stays. A point may then hold more than its source did.',
          ),
        extraOptions: z
          .array(z.enum(SAFE_OPTIONS))
          .default([])
          .describe('Further options of rsync that are safe here.'),
      })
      .describe('Files by rsync.'),
  base: 'tree',
  topology: 'pair',
} as const satisfies MoverDeclaration;

export type RsyncSpec = output<ReturnType<typeof rsync.schema>>;
/** Of a whole mover, what is read here. */
interface MayHaveRsync {
  rsync?: RsyncSpec | undefined;
}

/** What the options are where a spec leaves them out, as the schema fills them in. */
export const DEFAULT_RSYNC: RsyncSpec = {
  exclude: [],
  include: [],
  compress: 'auto',
  checksum: false,
  keepExtra: false,
  extraOptions: [],
};

/** The options of rsync; for restores into a directory also where the relationship's mover is another. */
export function rsyncOptions(mover: MayHaveRsync): RsyncSpec {
  return mover.rsync ?? DEFAULT_RSYNC;
}

const NO_FILTERS: Filters = { include: [], exclude: [] };

/** What a mover leaves out of a copy; undefined where it carries everything. */
export function filtersOf({ rsync: options }: MayHaveRsync): Filters | undefined {
  return options && options.exclude.length > 0
    ? { include: options.include, exclude: options.exclude }
    : undefined;
}

/**
 * The mover as it was when a copy was made with these filters. What is restored, or compared, is what the copy holds,
 * whatever is excluded by now.
 */
export function withFilters<Mover extends MayHaveRsync>(mover: Mover, filters: Filters = NO_FILTERS): Mover {
  return mover.rsync ? { ...mover, rsync: { ...mover.rsync, ...filters } } : mover;
}

/**
 * Into a directory, every point is brought by rsync, which reads the tree that the point holds. All that is in the
 * point, whatever the spec leaves out by now.
 * @param compareContents where files are there already, since size and time prove nothing about those
 */
export function toRestore<Mover extends MayHaveRsync>(mover: Mover, compareContents: boolean): Mover {
  const { extraOptions: stated, ...options } = rsyncOptions(mover);
  const extraOptions = stated.filter((option) => !/^--(no|omit)-/.test(option));
  return withFilters({ ...mover, rsync: { ...options, extraOptions, checksum: compareContents } });
}
