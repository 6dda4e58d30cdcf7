import { formatBytes, formatDuration, formatEntries } from '../model/units';
import type { ReverseResult } from '../api/messages';

/** How an old primary became a copy: what was sent, and what it alone had. */
export function formatBroughtBack({ relationship, record, diverged }: ReverseResult): string {
  const took = formatDuration(Date.parse(record.endedAt) - Date.parse(record.startedAt));
  const [outcome] = record.targets;
  const stats = outcome?.stats;
  const sent = stats
    ? `${formatEntries(stats.filesChanged)} changed, ${formatBytes(stats.bytesSent)} sent, in ${took}`
    : `in ${took}`;
  const where = outcome ? `${outcome.name} is a copy now` : 'the old primary is a copy now';
  return [
    `  ${where}: sync ${record.syncId} ${record.result}, ${sent}`,
    ...(diverged && outcome
      ? [
          `  what ${outcome.name} alone had is kept as ${diverged.id} (${formatEntries(diverged.files)}, ${formatBytes(diverged.bytes)}), until you remove it; to look at it:`,
          `    tidemark restore ${relationship} --point ${diverged.id} --target ${outcome.name} --to ${outcome.host}:/an/empty/folder`,
        ]
      : []),
  ].join('\n');
}
