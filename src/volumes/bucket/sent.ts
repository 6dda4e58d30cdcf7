/** Which state a sync has written: what its publication makes a recovery point of. */
import { join } from 'node:path';
import { z } from 'zod';
import type { TransferId } from '../../movers/contract';
import { folderOf } from './notes';
import type { Bucket } from './rclone';

const SentSchema = z.object({ syncId: z.string(), state: z.string(), identity: z.string() });
export type Sent = z.output<typeof SentSchema>;

const pathOf = (bucket: Bucket, relationship: string) =>
  join(folderOf(bucket), 'sent', `${encodeURIComponent(relationship)}.json`);

export async function noteSent(
  bucket: Bucket,
  { relationship }: Pick<TransferId, 'relationship'>,
  sent: Sent,
): Promise<void> {
  await bucket.host.files.write(pathOf(bucket, relationship), JSON.stringify(sent));
}

/** Undefined where this agent has sent nothing, or where it lost its notes. */
export async function recallSent(bucket: Bucket, relationship: string): Promise<Sent | undefined> {
  const text = await bucket.host.files.read(pathOf(bucket, relationship));
  return text === undefined ? undefined : SentSchema.parse(JSON.parse(text));
}
