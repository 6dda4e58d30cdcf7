/** Pushes the images that the target lacks, one by one: one that is over is not sent again. */
import type { Host } from '../../../hosts/contract';
import { TidemarkError } from '../../../model/errors';
import { approvalHint } from '../../../model/guards';
import type { TransferStats, Volume } from '../../../model/records';
import { makeError } from '../../shared/tools';
import { engineOf } from '../engines';
import { type ImageSet, sumBytes } from '../image-set';
import { readCapture } from '../records';
import { isCompatible } from '../store';
import type { TransferRequest } from '../../../movers/contract';
import { landingOf } from '../../../movers/shared/told';
import { transferAttempt } from '../../../movers/shared/names';
import { ProgressReporter } from './progress';
import { countChanges, findMissing, type Held, KnownLayers, parseHeld } from './protocol';
import { openSession, type Session } from './session';
import { stageImage } from './stage';
import { formatCount } from '../../../model/units';

/** Where blobs wait to be sent. */
export function stagingFolder(
  home: string,
  { relationship, target }: { relationship: string; target: string },
): string {
  return `${home}/image-transfers/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;
}

/** What was captured, and of which store. */
async function findCapture(
  host: Host,
  { reach, capture }: TransferRequest,
): Promise<{ set: ImageSet; syncId: string; volume: Volume }> {
  const record = await readCapture({ host, volume: { kind: 'image', path: reach.path } }, reach.path);
  if (record && !capture.live) return { ...record, volume: { kind: 'image', path: record.store } };
  throw new TidemarkError('SourceChanged', 'what was captured is not known any more', {
    host: host.name,
    volume: reach.path,
    hint: 'the next sync looks again',
  });
}

function checkPair(host: Host, volume: Volume, set: ImageSet, held: Held): void {
  if (isCompatible(set.engine, held.engine)) return;
  const message = `images of ${set.engine} can't be copied to ${held.engine}: they have other digests there`;
  const hint = 'copy between containerd and containerd, or between Podman and Docker';
  throw makeError({ host, volume }, 'InvalidSpec', message, { hint });
}

function checkDeletions(
  { dropped, held }: { dropped: number; held: number },
  { maxDeletions, maxDeletionsPercent = 100, id }: TransferRequest,
  host: Host,
  volume: Volume,
): void {
  const allowed = maxDeletions ?? Math.floor((maxDeletionsPercent / 100) * held);
  if ((maxDeletions === undefined && maxDeletionsPercent >= 100) || dropped <= allowed) return;
  const message = `this sync would take ${formatCount(dropped, 'name')} of images away at ${id.target}, and at most ${allowed} may go without approval`;
  const hint = approvalHint(id.relationship);
  throw new TidemarkError('ApprovalRequired', message, { host: host.name, volume: volume.path, hint });
}

/** One attempt, from the image at which the last one stopped. */
export async function transfer(host: Host, request: TransferRequest): Promise<TransferStats> {
  const { id, opened, signal } = request;
  const landing = landingOf(opened);
  const startedAt = performance.now();
  const { set, syncId, volume } = await findCapture(host, request);
  const session = await openSession(host, { id, landing, volume, signal });
  const held = parseHeld(await session.ask('list'));
  checkPair(host, volume, set, held);
  const { changed, dropped } = countChanges(set, held.live);
  checkDeletions({ dropped, held: Object.keys(held.live?.names ?? {}).length }, request, host, volume);
  const missing = findMissing(set, held);
  const sent = await sendImages(host, { request, volume, set, missing, held, session });
  const landed = JSON.stringify({ syncId, set });
  await session.ask(`finish ${Buffer.byteLength(landed)}`, landed);
  return {
    bytesSent: sent + Buffer.byteLength(landed),
    bytesChanged: sent,
    filesChanged: changed + dropped > 0 ? changed + dropped : missing.length,
    filesDeleted: dropped,
    totalBytes: sumBytes(Object.values(set.images)),
    totalFiles: Object.keys(set.images).length,
    durationMs: Math.round(performance.now() - startedAt),
    filesVanished: 0,
  };
}

interface Work {
  request: TransferRequest;
  volume: Volume;
  set: ImageSet;
  missing: readonly string[];
  held: Held;
  session: Session;
}

/** @returns bytes of what was sent */
async function sendImages(
  host: Host,
  { request, volume, set, missing, held, session }: Work,
): Promise<number> {
  const { id, signal, onProgress } = request;
  const folder = stagingFolder(host.home, id);
  const subject = engineOf(host, volume);
  const known = new KnownLayers(held);
  const progress = new ProgressReporter(onProgress, missing.length);
  const options = { signal, attempt: transferAttempt(host.home, id) };
  try {
    for (const image of missing) {
      signal.throwIfAborted();
      const { layers } = set.images[image] ?? { layers: [] };
      const wanted = { id: image, layers, missing: known.missing(layers) };
      const staged = await stageImage(subject, set.engine, folder, wanted, options);
      progress.begin(staged.bytes);
      const line = ['load', image, staged.manifest, staged.type, ...layers].join(' ');
      await session.send(line, folder, (bytes) => progress.update(bytes));
      known.add(layers);
      progress.end();
    }
  } finally {
    if (!signal.aborted) await host.files.remove(folder);
  }
  return progress.bytesDone;
}
