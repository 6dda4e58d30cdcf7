import type { SpecValues } from '../spec-values';
import type { OptionDeclarations } from './contract';

/** Keys that every endpoint has, whatever kind its volume is of. They may have defaults. */
export const COMMON_OPTIONS = {
  mustBeMounted: ({ z }: SpecValues) =>
    z
      .boolean()
      .default(false)
      .describe(
        'Refuse to work unless the directory is, or lies on, a mounted filesystem other than the root.',
      ),
} as const satisfies OptionDeclarations;

/** Of kinds without a host of their own: what reaches them, and how much of the line they may take. */
export const REACHED_BY = {
  credentials: ({ objectName }: SpecValues) =>
    objectName
      .optional()
      .describe(
        "What reaches it, by its name in the agent's `--credentials` folder: of a repository a file, with its password and keys as `NAME=VALUE`; of a bucket a file as `rclone.conf` is; of a peer a folder, with `key` and `known_hosts`, or as a source with `authorized_keys`, or by `rsync+tls` with `psk.txt`. On a cluster, a Secret of the claim's namespace.",
      ),
  bandwidthLimit: ({ size }: SpecValues) => size.optional().describe('At most so much is sent per second.'),
} as const;

/** RFC 3339, with its zone: nobody guesses which clock was meant. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Of kinds that keep many states and can be a source: which of them is read. By default the newest. */
export const PAST_STATE = {
  restoreAsOf: ({ z }: SpecValues) =>
    z
      .string()
      .regex(INSTANT, 'must be a time with its zone, such as 2026-11-30T08:00:00Z')
      .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time that there is')
      .optional()
      .describe('Of a source: the newest state that was captured then, or earlier.'),
  previous: ({ z }: SpecValues) =>
    z.int().min(0).max(10_000).optional().describe('Of a source: so many states before that one.'),
} as const;

/** Of stores that others write and read in a form of their own. */
export const LAYOUT = {
  layout: ({ z }: SpecValues) =>
    z
      .enum(['volsync'])
      .optional()
      .describe(
        'How it is written and read, where not as Tidemark does: `volsync`. Of a bucket: as the rclone mover of VolSync, with `permissions.facl`; it holds the newest state alone, and less of each file. Of a repository: with the snapshots of its restic mover (host `volsync`, path `/data`), which are recovery points too.',
      ),
} as const;
