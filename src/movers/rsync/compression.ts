/** What is remembered of the link to each host, and the compression that follows from it. */
import type { Host } from '../../hosts/contract';
import type { TransferStats } from '../../model/records';
import type { RsyncSpec } from '../../model/spec';
import { sizeToBytes } from '../../model/units';

/** Above this, compressing takes longer than sending. */
const FAST_BYTES_PER_SECOND = 40 * 1000 * 1000;
/** Fewer bytes say nothing about a link. */
const TELLING_BYTES = 8 * 1024 * 1024;
/** Then the link is tried without compression again: it may have become faster. */
const FORGET_AFTER_MS = 24 * 3_600_000;

export interface Link {
  bytesPerSecond: number;
  measuredAt: string;
}
export type Links = Record<string, Link>;

/** `auto`, made definite: zstd where the link is known to be slow, or is told to be. */
export function chooseCompression(
  { compress, bandwidthLimit }: Pick<RsyncSpec, 'compress' | 'bandwidthLimit'>,
  link: Link | undefined,
  now: Date,
): 'zstd' | 'lz4' | 'none' {
  if (compress !== 'auto') return compress;
  const isFresh = link && now.getTime() - new Date(link.measuredAt).getTime() < FORGET_AFTER_MS;
  const measured = isFresh ? link.bytesPerSecond : Infinity;
  const allowed = bandwidthLimit ? sizeToBytes(bandwidthLimit) : Infinity;
  return Math.min(measured, allowed) < FAST_BYTES_PER_SECOND ? 'zstd' : 'none';
}

/**
 * The rate that a transfer tells of its link; undefined where something else slowed it down:
 * a limit, compression, or many small files.
 */
export function measureLink(
  stats: Pick<TransferStats, 'bytesSent' | 'durationMs' | 'filesChanged'>,
  { compress, isLimited }: { compress: string | undefined; isLimited: boolean },
): number | undefined {
  const { bytesSent, durationMs, filesChanged } = stats;
  if (isLimited || compress === 'zstd' || compress === 'lz4' || durationMs <= 0) return undefined;
  if (bytesSent < TELLING_BYTES || bytesSent / Math.max(1, filesChanged) < 256 * 1024) return undefined;
  return Math.round((bytesSent * 1000) / durationMs);
}

const pathOf = (host: Host) => `${host.home}/links.json`;

export async function readLinks(host: Host): Promise<Links> {
  try {
    const links: unknown = JSON.parse((await host.files.read(pathOf(host))) ?? '{}');
    return typeof links === 'object' && links !== null ? (links as Links) : {};
  } catch {
    return {};
  }
}

export async function rememberLink(host: Host, targetHost: string, link: Link): Promise<void> {
  await host.files.write(pathOf(host), JSON.stringify({ ...(await readLinks(host)), [targetHost]: link }));
}
