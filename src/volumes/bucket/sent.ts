/** Which state a sync has written: what its publication makes a recovery point of. */
import { join } from 'node:path';
import { z } from 'zod';
import type { TransferId } from '../../movers/contract';
import { readRecord } from '../shared/records';
import { writeRecord } from '../shared/tools';
import { folderOf } from './notes';
import type { Bucket } from './rclone';

const SentSchema = z.object({ syncId: z.string(), state: z.string(), identity: z.string() });
export type Sent = z.output<typeof SentSchema>;

const pathOf = (bucket: Bucket, relationship: string) =>
  join(folderOf(bucket), 'sent', `${encodeURIComponent(relationship)}.json`);

export const noteSent = (
  bucket: Bucket,
  { relationship }: Pick<TransferId, 'relationship'>,
  sent: Sent,
): Promise<void> => writeRecord(bucket, pathOf(bucket, relationship), sent);

/** Undefined where this agent has sent nothing, or where it lost its notes. */
export const recallSent = (bucket: Bucket, relationship: string): Promise<Sent | undefined> =>
  readRecord(bucket, pathOf(bucket, relationship), SentSchema);
