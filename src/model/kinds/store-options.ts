/** Options that kinds of stores have in common. */
import type { SpecValues } from '../spec-values';

export const storeCredentials = ({ name }: SpecValues) =>
  name
    .optional()
    .describe(
      "What reaches it: a file of this name in the agent's `--credentials` folder, with its password and keys as `NAME=VALUE`; of a bucket, or as `rclone.conf` has it.",
    );

export const bandwidthLimit = ({ size }: SpecValues) =>
  size.optional().describe('At most so much is sent per second.');
