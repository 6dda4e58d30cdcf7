/**
 * What the source looked like when it was last brought to a target: its fingerprint, for each sync, in the agent's
 * own folder. Those of syncs that the target has left behind go.
 */
import type { Host } from '../../hosts/contract';
import type { Fingerprint } from '../../trees/fingerprint';
import { readFingerprint, writeFingerprint } from '../../trees/fingerprint-file';
import type { TransferId } from '../contract';

const folderOf = (host: Host, relationship: string) =>
  `${host.home}/fingerprints/${encodeURIComponent(relationship)}`;

const folderOfTarget = (host: Host, { relationship, target }: Pick<TransferId, 'relationship' | 'target'>) =>
  `${folderOf(host, relationship)}/${encodeURIComponent(target)}`;

/**
 * What the target may be at still, where the point of the sync after it was never made. Once that point is there, this
 * name tells it from a transfer that was begun since.
 */
const BEFORE = '.before';

/** After a failover nothing that was known before is taken for granted: names begin with the epoch. */
const nameOf = (epoch: number, syncId: string) => `${epoch}-${encodeURIComponent(syncId)}`;

/** While the target has no point yet. */
const nameOfFirst = (epoch: number) => String(epoch);

export interface SourceHistory {
  /**
   * When the target's newest point was made; before there is any, when the target was still empty. Undefined where
   * it is not known.
   */
  confirmed: Fingerprint | undefined;
  /** Something may have been brought to the target since. */
  isUnconfirmed: boolean;
  /** Notes that something is about to be. */
  begin(now: Fingerprint, isEmpty: boolean): Promise<void>;
  /** It was brought over whole. */
  end(now: Fingerprint): Promise<void>;
}

/** @param confirmed the sync that made the target's newest point */
export async function openHistory(
  host: Host,
  id: TransferId,
  { epoch, confirmed }: { epoch: number; confirmed?: string },
): Promise<SourceHistory> {
  const folder = folderOfTarget(host, id);
  const own = nameOf(epoch, id.syncId);
  const base = confirmed === undefined ? nameOfFirst(epoch) : nameOf(epoch, confirmed);
  const names = await host.files.list(folder);
  const kept = [base, base + BEFORE].find((name) => names.includes(name));
  // The target is past an older point, and past the first transfer of all.
  const isLeftBehind = (name: string) =>
    kept !== undefined && (name.endsWith(BEFORE) || name === nameOfFirst(epoch));
  const begun = names.filter((name) => name !== base && !isLeftBehind(name));
  return {
    confirmed: kept === undefined ? undefined : await readFingerprint(host, `${folder}/${kept}`),
    isUnconfirmed: confirmed === undefined || begun.length > 0,
    async begin(now, isEmpty) {
      // A first transfer that is cut off need not read again what it has brought.
      if (confirmed === undefined && isEmpty) await writeFingerprint(host, `${folder}/${base}`, now);
      if (!names.includes(own)) await host.files.write(`${folder}/${own}`, 'begun\n');
    },
    async end(now) {
      await writeFingerprint(host, `${folder}/${own}`, now);
      if (kept === base && own !== base)
        await host.files.rename(`${folder}/${base}`, `${folder}/${base}${BEFORE}`);
      const left = names.filter((name) => name !== kept && name !== own);
      for (const name of left) await host.files.remove(`${folder}/${name}`);
    },
  };
}

/** What the source looked like when a sync brought it to the target, where that is still known. */
export async function recallSource(
  host: Host,
  id: Pick<TransferId, 'relationship' | 'target'>,
  syncId: string,
): Promise<Fingerprint | undefined> {
  const folder = folderOfTarget(host, id);
  const name = (await host.files.list(folder)).find(
    (each) => each.replace(/^\d+-/, '').replace(BEFORE, '') === encodeURIComponent(syncId),
  );
  return name === undefined ? undefined : await readFingerprint(host, `${folder}/${name}`);
}

/** The relationship is deleted. */
export async function forgetHistory(host: Host, relationship: string): Promise<void> {
  await host.files.remove(folderOf(host, relationship));
}
