/** The target's half of the handshake. */
import type { Host } from '../../hosts/contract';
import type { Landing, Landings } from '../../landings/contract';
import { TidemarkError } from '../../model/errors';
import type { StreamPlan } from '../../model/plan-stream';
import { findReadSnapshot } from '../../volumes/zfs/clones';
import { type Entry, snapshotsOf } from '../../volumes/zfs/listing';
import { POINT, sideOf, snapshotName } from '../../volumes/zfs/names';
import { allEntries, ensureContainer, findPlace, type Place, withChildren } from '../../volumes/zfs/place';
import { isDelta } from '../../volumes/zfs/points';
import { branchSide, discardSide } from '../../volumes/zfs/swap';
import { isMissing, makeError, runZfs } from '../../volumes/zfs/tools';
import type { Mover } from '../contract';
import { receiveComparison } from '../rsync/delta';
import { lockWriter } from '../shared/lock-writer';
import { landingNotePath, receiveAttempt } from '../shared/names';
import { openLanding } from '../shared/open-landing';
import { isOntoReplica, makeRead, makeReceive, makeTell, type Parts } from './commands';
import { noteProperties } from './close';
import { receiveOntoBranch } from './delta';
import { parseParts, parseProperties } from './offer';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** A dataset is no file: its lock is one of the agent's own. */
async function lock(host: Host, dataset: string, command: string[]): Promise<string[]> {
  const folder = `${host.home}/locks/zfs`;
  await host.files.mkdir(folder, 0o700);
  return lockWriter(`${folder}/${encodeURIComponent(dataset)}`, command);
}

/** `receive` of the mover contract. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Landing> {
  const { id, offer, writeMode, volume, stream } = request;
  await host.endAttempts(receiveAttempt(host.home, id));
  const isResumed = (await host.files.read(landingNotePath(host.home, id))) === id.syncId;
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  if (writeMode === 'verify' || offer.resolved['mode'] === 'verify')
    return await receiveRead(host, landings, request);
  const lockVolume = (command: string[]) => lock(host, volume.path, command);
  if (stream?.onto) {
    await noteProperties(host, id, { dataset: sideOf(volume), properties: parseProperties(offer) });
    const options = { isResumed, lock: lockVolume };
    return await receiveOntoBranch(host, landings, request, stream.onto, options);
  }
  const { command, resumeToken } = await prepareWrite(host, request, isResumed);
  const landing = await openLanding(host, landings, request, await lockVolume(command));
  return { ...landing, ...(resumeToken !== undefined && { resumeToken }) };
}

interface Prepared {
  command: string[];
  resumeToken?: string;
}

/** A landing that only reads the point whose copy is at `path`: its files, where its identity proves nothing. */
async function receiveRead(host: Host, landings: Landings, request: ReceiveRequest): Promise<Landing> {
  const { volume, path } = request;
  const place = await findPlace(host, volume);
  const name = findReadSnapshot(place, path);
  const all = allEntries(place);
  const snapshot = all.find((entry) => entry.name === name);
  if (!snapshot) throw makeError(place, 'VolumeMissing', `no recovery point is readable at ${path}`);
  if (isDelta(place, snapshot)) return await receiveComparison(host, landings, request, path);
  const command = makeRead(withChildren(all, snapshot).map((entry) => entry.name));
  return await openLanding(host, landings, request, command);
}

async function prepareWrite(host: Host, request: ReceiveRequest, isResumed: boolean): Promise<Prepared> {
  const { id, offer, volume, stream } = request;
  if (!stream) throw new TidemarkError('InvalidSpec', 'a stream without a plan', { host: host.name });
  const parts = parseParts(offer);
  const own = snapshotName(id.relationship, id.syncId);
  const into = isOntoReplica(stream) ? volume.path : sideOf(volume);
  await noteProperties(host, id, { dataset: into, properties: parseProperties(offer) });
  const before = await findPlace(host, volume);
  if (!before.container) await ensureContainer(before);
  const place = before.container ? before : await findPlace(host, volume);
  const has = (part: string) => allEntries(place).some(({ name }) => name === `${into}${part}@${own}`);
  if (parts.every(has)) return { command: makeTell(`${into}@${own}`) };
  const token = findToken(place, into);
  const command = makeReceive(
    parts.map((part) => `${into}${part}`),
    place.features,
  );
  // Only within one sync: what an earlier one has sent is not what this one sends.
  if (token !== undefined && isResumed && parts.length === 1) return { command, resumeToken: token };
  if (token !== undefined) await runZfs(place, ['receive', '-A', into], { allow: isMissing });
  if (into === volume.path) await undoParts(place, stream, parts, own);
  else await prepareSide(place, stream, parts.some(has));
  return { command };
}

function findToken(place: Place, dataset: string): string | undefined {
  return allEntries(place).find(({ name }) => name === dataset)?.properties['receive_resume_token'];
}

/** An empty place for a full stream, or a branch of the replica that ends with the base. */
async function prepareSide(place: Place, { base }: StreamPlan, isDirty: boolean): Promise<void> {
  const { host, volume } = place;
  if (!base || isDirty) await discardSide(host, volume);
  if (!base) return;
  const now = await findPlace(host, volume);
  // A branch that was begun has it by now.
  const found = allEntries(now).find(
    ({ kind, properties }) => kind === 'snapshot' && properties['guid'] === base.identity,
  );
  if (!found) {
    throw makeError(place, 'BaseLost', `the base ${base.targetName} is not here any more`, {
      hint: 'the next older state that both hold is tried, by itself',
    });
  }
  await branchSide(host, volume, found);
}

/**
 * Of several datasets, some may have been received and others not. Those go back to the base, which is what
 * they were: what is undone was never a recovery point.
 */
async function undoParts(place: Place, { base }: StreamPlan, parts: Parts, own: string): Promise<void> {
  const { entries, volume } = place;
  const baseName = base?.targetName.slice(base.targetName.indexOf('@') + 1);
  for (const part of parts) {
    const dataset = `${volume.path}${part}`;
    const snapshots = snapshotsOf(entries, dataset);
    const received = snapshots.at(-1);
    if (received?.own !== own || received.local.has(POINT)) continue;
    const before = snapshots.at(-2);
    if (before === undefined && part !== '') await runZfs(place, ['destroy', '-r', dataset]);
    else if (before !== undefined) await undo(place, before, baseName);
  }
}

async function undo(place: Place, before: Entry, baseName: string | undefined): Promise<void> {
  // Anything else in between was carried by the same stream, and stays: the base is lost then, and the ladder goes on.
  if (before.own !== baseName) return;
  await runZfs(place, ['rollback', '-r', before.name]);
}
