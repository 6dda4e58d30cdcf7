import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { isAtSource, targetName, volumeOf } from '../model/endpoints';
import { describeLeftOut, mergeLeftOut } from '../model/left-out';
import { makeFailure } from '../model/failure';
import { code } from '../model/markdown';
import { makeSyncId } from '../model/names';
import { toRestore } from '../model/movers';
import type { VolumeOptionValues } from '../model/kinds';
import type { Role, Volume } from '../model/records';
import type { Relationship, SourceSpec, TargetSpec } from '../model/spec';
import { formatBytes, formatEntries } from '../model/units';
import type { TransferId } from '../movers/contract';
import type { RestoreRequest, RestoreResult } from '../api/messages';
import { StepFailed } from './steps';
import { carryBytes, carryComparison, closeLeg, type Side, stepAt } from './leg';
import { findTarget, refuseTarget } from './switch-steps';

export interface RestoreInput {
  document: Relationship;
  /** What the source is called where it was a target: it may hold points too. */
  primaryName: string;
  epoch: number;
  sequence: number;
  request: RestoreRequest;
}

interface Holder {
  endpoint: TargetSpec | SourceSpec;
  volume: Volume;
  role: Role;
  /** As a target. */
  name: string;
}

/** Entries that are named. */
const TOLD = 5;

const isClaim = (path: string): boolean => !path.startsWith('/');

function chooseHolder({ document, primaryName, request }: RestoreInput, wanted: string | undefined): Holder {
  const { source, targets } = document.spec;
  if (wanted === primaryName)
    return { endpoint: source, volume: volumeOf(source), role: 'source', name: primaryName };
  const target = wanted ? findTarget(document, wanted) : targets[0];
  if (!target) throw refuseTarget(document, wanted ?? '');
  const held = {
    endpoint: target,
    volume: volumeOf(target),
    role: 'target',
    name: targetName(target),
  } as const;
  if (!isAtSource(target)) return held;
  // What has no host of its own is read where it is wanted: the source may be the one that was lost.
  const { host, path } = request.to;
  const near = isClaim(path) ? { near: { path, options: likeOf(document, held.volume) } } : {};
  return { ...held, endpoint: { ...target, host }, volume: { ...held.volume, ...near } };
}

/** What both sides hold, once both have been judged, and the landing is open. */
async function openBoth(
  input: RestoreInput,
  { endpoint: holder, volume, role, name }: Holder,
  id: TransferId,
) {
  const { document, epoch, request } = input;
  const { overwrite = false, dryRun = false, pointId } = request;
  const { host, path } = request.to;
  const mover = toRestore(document.spec.mover, overwrite);
  const part = request.path === undefined ? {} : { part: request.path };
  const from: Side = {
    host: holder.host,
    step: {
      volume,
      claim: { relationship: document.metadata.name, epoch, role },
      syncId: id.syncId,
    },
  };
  const held = await stepAt(from, `Find recovery point ${pointId}`, (agent) =>
    agent.offerRestore({
      ...{ ...from.step, id, holder: name, pointId, targetHost: host, mover, dryRun },
      ...part,
    }),
  );
  const { offer, leastBytes, shape } = held;
  const summary = dryRun ? `Look at ${path}` : `Open a landing at ${path}`;
  const destination = await stepAt(request.to, summary, (agent) =>
    agent.receiveRestore({
      ...{ id, path, overwrite, dryRun, offer, mover, leastBytes },
      ...(shape && { source: shape }),
      ...(isClaim(path) && { like: likeOf(document, volume) }),
      ...part,
      landingLifetimeMs: 12 * 3_600_000,
    }),
  );
  return { ...held, destination, mover, from };
}

/**
 * What a new claim has in common with the one whose point it is made from, in whatever cluster it is; of a point that no claim
 * holds, with the first claim that the relationship has.
 */
function likeOf({ spec }: Relationship, holder: Volume): VolumeOptionValues {
  const claims = [holder, ...[spec.source, ...spec.targets].map(volumeOf)];
  const { runAs, accessModes } = claims.find(({ kind }) => kind === 'pvc')?.options ?? {};
  return { ...(runAs !== undefined && { runAs }), ...(accessModes && { accessModes }) };
}

type Opened = Awaited<ReturnType<typeof openBoth>>;

/** What is sent: the tree of the point, or one item of a folder in it. */
function whatToSend({ capture, destination: { base = '', item } }: Opened) {
  return { capture, ...(item !== undefined && { item, ...(base !== '' && { base }) }) };
}

/** Which entries would go from the destination, by size and time: contents change nothing about that. */
async function foreseeDeletions(opened: Opened, id: TransferId): Promise<RestoreResult['deleted']> {
  const { destination, point, mover, from } = opened;
  if (!destination.opened) return { entries: 0, examples: [] };
  const { capturedAt, identity } = point;
  const { extra = 0, differences } = await carryComparison(
    { from, id, summary: `Compare with ${point.id}` },
    { ...whatToSend(opened), opened: destination.opened, mover, capturedAt, identity, quick: true },
  );
  const gone = differences.filter(({ what }) => what.includes('extra')).map(({ path }) => path);
  return { entries: extra, examples: gone.slice(0, TOLD) };
}

async function send(opened: Opened, id: TransferId, to: RestoreRequest['to']) {
  const { destination, point, content, offer, mover, from } = opened;
  const door = destination.opened;
  if (!door) throw new StepFailed(makeFailure('Unknown', 'no landing was opened', to));
  setCurrentDetails(
    `Restoring ${point.id} (${formatBytes(content.bytes)}) to ${code(`${to.host}:${destination.root}`)}.`,
  );
  const summary = `Send ${point.id}, ${formatBytes(content.bytes)}`;
  const { stats } = await carryBytes(
    { from, id, summary, about: to },
    {
      ...{ ...whatToSend(opened), opened: door, mover, writeMode: 'delayed' },
      ...{ told: offer.told, releaseAfter: false },
      expectedBytes: { disk: content.bytes, files: content.bytes },
    },
  );
  if (stats.filesVanished === 0) return stats;
  const message = `${formatEntries(stats.filesVanished)} of the recovery point vanished while it was read: what was restored lacks them`;
  const hint = 'restore it again, or from another point';
  throw new StepFailed(
    makeFailure('SourceChanged', message, { host: from.host, volume: from.step.volume.path, hint }),
  );
}

async function bring(input: RestoreInput, holder: Holder, id: TransferId): Promise<RestoreResult> {
  const { document, request } = input;
  const startedAt = Date.now();
  const opened = await openBoth(input, holder, id);
  const { point, content, destination, broken } = opened;
  const known = {
    relationship: document.metadata.name,
    pointId: point.id,
    target: holder.name,
    to: { host: request.to.host, path: destination.root },
    ...(request.path !== undefined && { path: request.path }),
    replaced: destination.found,
    ...(broken && { broken }),
  } as const;
  if (request.dryRun) {
    return {
      ...{ ...known, dryRun: true, deleted: await foreseeDeletions(opened, id) },
      ...{ bytes: content.bytes, files: content.entries, durationSeconds: (Date.now() - startedAt) / 1000 },
      leftOut: point.leftOut ?? [],
    };
  }
  const stats = await send(opened, id, request.to);
  return {
    ...{ ...known, deleted: { entries: stats.filesDeleted, examples: [] } },
    ...{ bytes: stats.totalBytes, files: stats.totalFiles, durationSeconds: stats.durationMs / 1000 },
    leftOut: mergeLeftOut(point.leftOut, stats.leftOut),
    ...(isAtSource(holder.endpoint) &&
      request.path === undefined && {
        readBack: {
          ...{ how: 'restore', bytes: point.bytes, seconds: (Date.now() - startedAt) / 1000 },
          ...{ host: request.to.host, at: new Date().toISOString() },
        },
      }),
  };
}

function describeResult({ pointId, to, path, files, bytes, leftOut, dryRun }: RestoreResult): string {
  const what = path === undefined ? pointId : `${code(path)} of ${pointId}`;
  const lacking = leftOut.length > 0 ? ` Left out: ${describeLeftOut(leftOut)}.` : '';
  const done = dryRun ? 'Nothing was changed; this would restore' : 'Restored';
  return `${done} ${what} to ${code(`${to.host}:${to.path}`)}: ${formatEntries(files)}, ${formatBytes(bytes)}.${lacking}`;
}

/** Brings a recovery point back, to any folder of any host. */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { document, sequence, request } = input;
  const holder = chooseHolder(input, request.target);
  const id: TransferId = {
    relationship: document.metadata.name,
    // A name that no target has, so that it never meets a sync's landing.
    target: `restore:${request.to.host}`,
    syncId: makeSyncId(document.metadata.name, sequence),
  };
  try {
    const result = await bring(input, holder, id);
    setCurrentDetails(describeResult(result));
    return result;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    throw ApplicationFailure.create(encodeFailure(error.failure));
  } finally {
    const { endpoint, volume } = holder;
    const { host, path } = request.to;
    const claim: Volume = { kind: 'pvc', path };
    const destination = isClaim(path) ? { host, volume: claim } : { host };
    await closeLeg(id, { host: endpoint.host, volume }, destination);
  }
}
