/**
 * What refused or broken transfers deleted already since the last whole one. Without it, each further
 * attempt could delete the allowed share again, until nothing is left.
 */
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../contract';

type TargetOf = Pick<TransferId, 'relationship' | 'target'>;

const pathOf = (host: Host, { relationship, target }: TargetOf) =>
  `${host.home}/deletions/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;

export async function readDeletions(host: Host, id: TargetOf): Promise<number> {
  const count = Number(await host.files.read(pathOf(host, id)));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

export async function rememberDeletions(host: Host, id: TargetOf, count: number): Promise<void> {
  if (count > 0) await host.files.write(pathOf(host, id), `${count}\n`);
  else await host.files.remove(pathOf(host, id));
}

/** What is left of the limit. */
export function remainingDeletions(maxDeletions: number, deletedAlready: number): number {
  return Math.max(0, maxDeletions - deletedAlready);
}
