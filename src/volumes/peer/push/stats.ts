/** What a push has brought, as far as that can be seen at its receiving end. */
import type { Runner } from '../../../hosts/contract';
import { runChecked } from '../../../hosts/run-checked';
import type { TransferStats } from '../../../model/records';
import { takeFingerprint } from '../../../trees/fingerprint';
import type { Whole } from './pod-door';

/** Entries that were made or changed since, deletions as changes of their folders. */
async function countChanged(runner: Runner, path: string, since: string): Promise<number> {
  const seconds = Date.parse(since) / 1000;
  const find = ['find', path, '-xdev', '-newerct', `@${seconds.toFixed(3)}`, '-printf', '.'];
  const { stdout } = await runChecked(runner, find, { maxOutputBytes: 2 ** 31 });
  return stdout.length;
}

/** @param bytes on the line, as rsync has counted them */
export async function measurePush(
  runner: Runner,
  path: string,
  { at, begunAt }: Whole,
  bytes: number,
): Promise<TransferStats> {
  const [tree, filesChanged] = await Promise.all([
    takeFingerprint(runner, path),
    countChanged(runner, path, begunAt),
  ]);
  return {
    ...{ bytesSent: bytes, bytesChanged: bytes, filesChanged },
    // What was deleted is told to whoever pushes alone.
    ...{ filesDeleted: 0, filesVanished: 0 },
    ...{ totalBytes: tree.fileBytes, totalFiles: tree.entries },
    durationMs: Math.max(0, Date.parse(at) - Date.parse(begunAt)),
  };
}
