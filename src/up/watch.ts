import { setTimeout as sleep } from 'node:timers/promises';
import type { Temporal } from '../client/temporal-client';
import { formatTime } from '../client/text';
import type { LastSync } from '../model/status';
import { formatBytes, formatDuration } from '../model/units';

const LOOK_EVERY_MS = 3000;

function tellSync(name: string, { result, files, bytes, durationSeconds, endedAt }: LastSync): string {
  const done = `${files} changed, ${formatBytes(bytes)} sent, in ${formatDuration(durationSeconds * 1000)}`;
  return `${formatTime(endedAt).slice(11)}  ${name}: ${result}, ${done}`;
}

/** Says each sync of a relationship that changed something or went wrong, until `signal`. */
export async function watchSyncs(
  temporal: Temporal,
  name: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const { lastSync } = await temporal.status(name);
      const isNew = lastSync !== undefined && last !== undefined && lastSync.syncId !== last;
      if (isNew && (lastSync.files > 0 || lastSync.result !== 'succeeded')) say(tellSync(name, lastSync));
      last = lastSync?.syncId ?? '';
    } catch {
      // Temporal or the control worker is being started again, or the relationship was deleted.
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
