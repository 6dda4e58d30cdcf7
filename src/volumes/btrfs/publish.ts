/** Makes what was received a recovery point, and the live replica equal to it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Point, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { ensureFolder, findPlace, folderOf, makeAttempt, PARTIAL, type ReadyPlace } from '../directory/place';
import { publishOnce } from '../shared/publish-once';
import { flush, readWholeRecords, treePath, writePoint } from '../directory/points';
import { sweepPartials } from '../directory/prune';
import { makeError } from '../shared/tools';
import {
  clearIncoming,
  findOwnPlace,
  incomingFolder,
  partsFolder,
  placeOfPart,
  removeParts,
  ROOT_PART,
} from './folders';
import { giveIdentity } from './delta';
import { mendNames } from './exchange';
import { replaceReplica } from './replica';
import { hasOwn } from './changes';
import { findAt, identityOf, listSubvolumes, type Subvolume } from '../directory/subvolumes/subvolumes';
import {
  assemble,
  ensureOwnIdentity,
  type Part,
  partsOf,
  snapshotReadOnly,
  type WorkOptions,
} from '../directory/subvolumes/trees';
import { makeUnsupported } from './capture';
import type { PublishRequest } from '../contract';

/** `publish` of the volume contract. */
export async function publish(host: Host, volume: Volume, request: PublishRequest): Promise<Point> {
  const { relationship, stamp, method, stream, identity, signal } = request;
  if (method !== 'Snapshot') throw makeUnsupported(host, volume, method);
  await mendNames(await findPlace(host, volume));
  const place = await findOwnPlace(host, volume);
  const attempt = makeAttempt(place, 'publish', relationship);
  await host.endAttempts(attempt);
  const options = { attempt, ...(signal && { signal }) };
  const look = async () => ({
    points: (await readWholeRecords(place, relationship)).map(({ point }) => point),
  });
  return await publishOnce(`points:${place.root}:${relationship}`, stamp.id, look, async () => {
    await ensureFolder(place, relationship, 'trees');
    await sweepPartials(place, relationship);
    const tree =
      stream && identity !== undefined
        ? await adopt(place, request, identity, options)
        : await freeze(place, request, options);
    // On disk before the point says so.
    await flush(place);
    const point: Point = { ...stamp, method, identity: tree };
    await writePoint(place, relationship, { point, tree, hasHardLinks: false });
    await clearIncoming(place, relationship);
    return point;
  });
}

/** Freezes the live replica, with whatever is inside of it: nobody else has it. Answers the tree's name. */
async function freeze(place: ReadyPlace, request: PublishRequest, options: WorkOptions): Promise<string> {
  const trees = folderOf(place, request.relationship, 'trees');
  const partial = join(trees, `${randomUUID()}${PARTIAL}`);
  const parts = partsOf(await listSubvolumes(place), place.root);
  if (parts.length === 1) {
    await snapshotReadOnly(place, place.root, partial, options);
    await ensureOwnIdentity(place, { from: place.root, path: partial }, options);
  } else await assemble(place, parts, partial, { ...options, readOnly: true });
  const { uuid } = findAt(place, await listSubvolumes(place), partial);
  await place.host.files.rename(partial, join(trees, uuid));
  return uuid;
}

/** The received state becomes the tree of its identity, and the replica a snapshot of that. */
async function adopt(
  place: ReadyPlace,
  request: PublishRequest,
  identity: string,
  options: WorkOptions,
): Promise<string> {
  const { relationship } = request;
  const tree = treePath(place, relationship, identity);
  const isThere = (await place.host.files.list(folderOf(place, relationship, 'trees'))).includes(identity);
  if (!isThere) {
    if (request.stream?.how === 'delta-onto-clone')
      await giveIdentity(place, relationship, identity, options);
    await takeIn(place, request, identity, options);
  }
  await replaceReplica(place, tree, {
    ...options,
    readOnly: true,
    hasOwn: (path) => hasOwn(place, relationship, path),
  });
  return identity;
}

/**
 * One subvolume is the tree itself; several are kept as they came, since each is the base of its next, and the
 * tree is put together of them.
 */
async function takeIn(
  place: ReadyPlace,
  { relationship }: PublishRequest,
  identity: string,
  options: WorkOptions,
): Promise<void> {
  const tree = treePath(place, relationship, identity);
  const received = findReceived(await listSubvolumes(place), incomingFolder(place, relationship));
  const arrived = received.find(({ subvolume }) => identityOf(subvolume) === identity);
  if (arrived && arrived.name !== ROOT_PART)
    return await snapshotReadOnly(place, arrived.path, tree, options);
  const folder = partsFolder(place, relationship, identity);
  if (arrived) {
    await ensureFolder(place, relationship, 'parts');
    await removeParts(place, relationship, identity);
    await place.host.files.rename(incomingFolder(place, relationship), folder);
  }
  const parts = findReceived(await listSubvolumes(place), folder);
  if (!parts.some(({ subvolume }) => identityOf(subvolume) === identity)) throw makeIncomplete(place);
  const partial = `${tree}.${randomUUID()}${PARTIAL}`;
  await assemble(place, toParts(parts), partial, { ...options, readOnly: true });
  await place.host.files.rename(partial, tree);
}

interface Received {
  name: string;
  path: string;
  subvolume: Subvolume;
}

/** What arrived whole: what was cut off has no identity yet, and can be written to. */
function findReceived(subvolumes: readonly Subvolume[], folder: string): Received[] {
  return subvolumes.flatMap((subvolume) => {
    const { path = '', readOnly, receivedUuid } = subvolume;
    const name = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : '';
    const isWhole = name !== '' && !name.includes('/') && readOnly && receivedUuid !== undefined;
    return isWhole ? [{ name, path, subvolume }] : [];
  });
}

function toParts(received: readonly Received[]): Part[] {
  const parts = received.flatMap(({ name, path }) => {
    const place = placeOfPart(name);
    return place === undefined ? [] : [{ from: path, place }];
  });
  return parts.sort((one, other) => (one.place < other.place ? -1 : 1));
}

function makeIncomplete(place: ReadyPlace) {
  const message = 'the state that was sent did not arrive whole; the replica is as it was';
  const hint = 'it is sent again by the next sync, from the same base';
  return makeError(place, 'TransferInterrupted', message, { hint });
}
