/** What rclone says of itself while it runs. Pure. */
import { z } from 'zod';
import type { Progress } from '../../model/records';

const StatsSchema = z.object({
  stats: z.object({
    bytes: z.number(),
    totalBytes: z.number(),
    speed: z.number(),
    eta: z.number().nullable(),
    transfers: z.number(),
    totalTransfers: z.number(),
  }),
});

/** Has rclone tell of its progress, in lines of JSON. */
export const WITH_STATS = ['--stats=500ms', '--stats-log-level=NOTICE'];

/** Undefined for a line that tells of none. */
export function parseProgress(line: string): Progress | undefined {
  if (!line.includes('"stats"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { stats } = StatsSchema.safeParse(value).data ?? {};
  if (!stats) return undefined;
  const { bytes, totalBytes, speed, eta, transfers, totalTransfers } = stats;
  return {
    ...{ phase: 'transferring', bytesDone: bytes, filesDone: transfers, filesTotal: totalTransfers },
    rateBytesPerSecond: Math.round(speed),
    ...(totalBytes > 0 && { bytesTotal: totalBytes, percent: Math.floor((100 * bytes) / totalBytes) }),
    ...(eta !== null && { etaSeconds: eta }),
  };
}
