/** The target's half of the handshake. */
import type { Host } from '../../../hosts/contract';
import type { Landings } from '../../../landings/contract';
import { TidemarkError } from '../../../model/errors';
import type { StreamPlan } from '../../../model/plan-stream';
import { findReadSnapshot } from '../clones';
import type { Entry } from '../listing';
import { sideOf } from '../names';
import { partsOf } from '../parts';
import { allEntries, ensureContainer, findPlace, type Place } from '../place';
import { isDelta } from '../points';
import { branchSide, discardSide } from '../swap';
import { isMissing, makeError, runZfs } from '../tools';
import type { Mover, Opened } from '../../../movers/contract';
import { receiveComparison } from '../../../movers/rsync/compare-trees';
import { lockWriter } from '../../../movers/shared/lock-writer';
import { landingNotePath, receiveAttempt } from '../../../movers/shared/names';
import { openLanding } from '../../../movers/shared/open-landing';
import { makeRead, makeReceive, makeTell } from './commands';
import { noteProperties } from './close';
import { receiveOntoBranch } from './delta';
import { type LaidPart, planLayout } from './layout';
import { parseFrozen, parseParts, parseProperties, readOffer } from './offer';
import { openedTo, type ZfsFound } from './found';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** A dataset is no file: its lock is one of the agent's own. */
async function lock(host: Host, dataset: string, command: string[]): Promise<string[]> {
  const folder = `${host.home}/locks/zfs`;
  await host.files.mkdir(folder, 0o700);
  return lockWriter(`${folder}/${encodeURIComponent(dataset)}`, command);
}

/** `receive` of the mover contract. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { id, offer, writeMode, volume, stream } = request;
  await host.endAttempts(receiveAttempt(host.home, id));
  const isResumed = (await host.files.read(landingNotePath(host.home, id))) === id.syncId;
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  if (writeMode === 'verify' || readOffer(offer.told).isToCompare)
    return await receiveRead(host, landings, request);
  const lockVolume = (command: string[]) => lock(host, volume.path, command);
  if (stream?.onto) {
    await noteProperties(host, id, {
      dataset: sideOf(volume),
      replica: volume.path,
      properties: parseProperties(offer.told),
    });
    const options = { isResumed, lock: lockVolume };
    return await receiveOntoBranch(host, landings, request, stream.onto, options);
  }
  const { command, ...found } = await prepareWrite(host, request, isResumed);
  return openedTo(await openLanding(host, landings, request, await lockVolume(command)), found);
}

interface Prepared extends ZfsFound {
  command: string[];
}

const basesOf = (parts: readonly { part: string; base?: Entry }[]) =>
  Object.fromEntries(
    parts.flatMap(({ part, base }) => (base ? [[part, base.properties['guid'] ?? '']] : [])),
  );

/** A landing that only reads the point whose copy is at `path`: its files, where its identity proves nothing. */
async function receiveRead(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { volume, reach } = request;
  const { path } = reach;
  const place = await findPlace(host, volume);
  const name = findReadSnapshot(place, path);
  const snapshot = allEntries(place).find((entry) => entry.name === name);
  if (!snapshot) throw makeError(place, 'VolumeMissing', `no recovery point is readable at ${path}`);
  if (isDelta(place, snapshot))
    return await receiveComparison(host, landings, request, {
      path,
      quick: readOffer(request.offer.told).isQuick === true,
    });
  const parts = partsOf(place, snapshot);
  const command = makeRead(parts.map((part) => part.snapshot.name));
  const bases = basesOf(parts.map(({ part, snapshot: base }) => ({ part, base })));
  return openedTo(await openLanding(host, landings, request, command), { bases });
}

async function prepareWrite(host: Host, request: ReceiveRequest, isResumed: boolean): Promise<Prepared> {
  const { id, offer, volume, stream } = request;
  if (!stream) throw new TidemarkError('InvalidSpec', 'a stream without a plan', { host: host.name });
  const offered = parseParts(offer.told);
  const own = parseFrozen(offer.told, id);
  const before = await findPlace(host, volume);
  if (!before.container) await ensureContainer(before);
  const place = before.container ? before : await findPlace(host, volume);
  const layout = planLayout(place, offered, stream, findBase(place, stream));
  const { into, parts } = layout;
  const root = into === 'replica' ? volume.path : sideOf(volume);
  await noteProperties(host, id, {
    dataset: root,
    replica: volume.path,
    properties: parseProperties(offer.told),
  });
  const bases = basesOf(parts);
  const has = ({ dataset }: LaidPart) => allEntries(place).some(({ name }) => name === `${dataset}@${own}`);
  if (parts.every(has)) return { command: makeTell(`${root}@${own}`), bases };
  const token = findToken(place, root);
  const command = makeReceive(
    parts.map(({ dataset }) => dataset),
    place.features,
  );
  // Only within one sync: what an earlier one has sent is not what this one sends.
  if (token !== undefined && isResumed && parts.length === 1) return { command, bases, resumeToken: token };
  if (token !== undefined) await runZfs(place, ['receive', '-A', root], { allow: isMissing });
  if (into === 'replica') await undoParts(place, parts);
  else await prepareSide(place, parts);
  return { command, bases };
}

/** The volume's own base, wherever it lies. @throws TidemarkError `BaseLost` */
function findBase(place: Place, { base }: StreamPlan): Entry | undefined {
  if (!base) return undefined;
  const found = allEntries(place).find(
    ({ kind, properties }) => kind === 'snapshot' && properties['guid'] === base.identity,
  );
  if (found) return found;
  const hint = 'the next older state that both sides hold is tried automatically';
  throw makeError(place, 'BaseLost', `the base ${base.targetName} is not here any more`, { hint });
}

function findToken(place: Place, dataset: string): string | undefined {
  return allEntries(place).find(({ name }) => name === dataset)?.properties['receive_resume_token'];
}

/** An empty place for a full stream, or a branch of what the parts go on from. */
async function prepareSide({ host, volume }: Place, parts: readonly LaidPart[]): Promise<void> {
  await discardSide(host, volume);
  const branched = parts.flatMap(({ part, base }) => (base ? [{ part, snapshot: base }] : []));
  if (branched.length > 0) await branchSide(host, volume, branched);
}

/**
 * Of several datasets, some may have been received and others not. Those go back to the base, which is what
 * they were: what is undone was never a recovery point.
 */
async function undoParts(place: Place, parts: readonly LaidPart[]): Promise<void> {
  for (const { dataset, base, unfinished } of parts.toReversed()) {
    if (unfinished.length === 0) continue;
    await runZfs(place, base ? ['rollback', '-r', base.name] : ['destroy', '-r', dataset]);
  }
}
