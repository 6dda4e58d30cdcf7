/**
 * Puts a side volume in the replica's place. The old replica stays beside it until nothing in it is needed any
 * more. Every step can be cut off; `settle` then goes on.
 */
import { z } from 'zod';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import { byAge, datasetsOf, type Entry, readLocal } from './listing';
import { CLAIMS, containerOf, FLUSH, PENDING, POINT, sideOf } from './names';
import { allEntries, findPendingSide, findPlace, findSide, flush, holdsUnfrozen, type Place } from './place';
import { findAsides, isBrought, type Part } from './parts';
import { removeCopies, removeIdleReads } from './clones';
import { mount, NOT_MOUNTABLE, unmount } from './mounting';
import { isMissing, makeError, runZfs, type Subject } from './tools';

/** Where a dataset is mounted and shared: set only once it is the replica. */
const PLACED = ['mountpoint', 'sharenfs', 'sharesmb', 'canmount'];
/** Not taken over from the replica that is replaced. */
const NOT_TAKEN = new Set([
  ...PLACED,
  'readonly',
  POINT,
  PENDING,
  FLUSH,
  'volsize',
  'keylocation',
  'zoned',
  'jailed',
]);

const PendingSchema = z.object({
  settings: z.record(z.string(), z.string()),
  /** The dataset that was the replica before. */
  aside: z.string().exactOptional(),
});

type Pending = z.output<typeof PendingSchema>;

/** Finishes what an attempt that was cut off had begun. Idempotent. Answers what is there then. */
export async function settle(host: Host, volume: Volume): Promise<Place> {
  const place = await findPlace(host, volume);
  if (!place.dataset && findPendingSide(place)) {
    await removeIdleReads(place);
    const { aside } = pendingOf(place);
    await placeSide(place, place.beside.some(({ name }) => name === aside) ? aside : undefined);
  } else if (!place.dataset?.local.has(PENDING)) return place;
  await finish({ host, volume });
  return await findPlace(host, volume);
}

/** Puts the side volume in the replica's place. Idempotent. */
export async function swapIn(host: Host, volume: Volume): Promise<void> {
  const place = await settle(host, volume);
  const side = findSide(place);
  if (!side) return;
  await removeIdleReads(place);
  const aside = place.dataset && (await freeAside(place));
  await prepareSide(place, aside);
  if (aside !== undefined) await moveAside(place, aside);
  await placeSide(place, aside);
  await finish(place);
}

/** @param aside the old replica: the last good state until the new one is in its place */
async function placeSide(place: Place, aside: string | undefined): Promise<void> {
  const { path } = place.volume;
  try {
    await runZfs(place, ['rename', sideOf(place.volume), path]);
  } catch (error) {
    if (aside !== undefined) await putBack(place, aside);
    throw error;
  }
}

/** @throws TidemarkError that says where the last good state is, where even that can't be done now */
async function putBack(place: Place, aside: string): Promise<void> {
  try {
    await runZfs(place, ['rename', aside, place.volume.path]);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const message = `${error.message}; until the next sync the last good replica stands at ${aside}`;
    throw makeError(place, error.type, message, error.details);
  }
  await mount(place);
}

/** Gives the side volume what the replica has of its own, child by child; what its stream brought wins. */
async function prepareSide(place: Place, aside: string | undefined): Promise<void> {
  const side = sideOf(place.volume);
  const parts = datasetsOf(place.beside).filter(({ name }) => name === side || name.startsWith(`${side}/`));
  // The top last: with its mark the side volume is ready to be the replica.
  for (const { name } of parts.toReversed())
    await preparePart(place, name, name === side ? aside : undefined);
}

const isTaken = (property: string, own: ReadonlyMap<string, string>) =>
  property !== CLAIMS && !NOT_TAKEN.has(property) && !own.has(property);

/** Gives a dataset the settings of another one, where it has none of its own: what its files can be depends on them. */
export async function takeSettings(subject: Subject, from: string, to: string): Promise<void> {
  const [old, own] = [await readLocal(subject, from), await readLocal(subject, to)];
  for (const [property, value] of old) {
    if (isTaken(property, own)) await runZfs(subject, ['set', `${property}=${value}`, to]);
  }
}

async function preparePart(place: Place, part: string, aside: string | undefined): Promise<void> {
  const { container, entries, volume } = place;
  const side = sideOf(volume);
  const replaced = `${volume.path}${part.slice(side.length)}`;
  const isReplaced = entries.some(({ name }) => name === replaced);
  const [old, own] = [isReplaced && (await readLocal(place, replaced)), await readLocal(place, part)];
  for (const [property, value] of old || []) {
    if (property === CLAIMS || isTaken(property, own))
      await runZfs(place, ['set', `${property}=${value}`, part]);
  }
  const claims = container?.local.has(CLAIMS) ? container.properties[CLAIMS] : undefined;
  if (part === side && !isReplaced && claims !== undefined)
    await runZfs(place, ['set', `${CLAIMS}=${claims}`, part]);
  const settings = Object.fromEntries([...(old || [])].filter(([property]) => PLACED.includes(property)));
  const pending: Pending = { settings, ...(aside !== undefined && { aside }) };
  if (part === side) await runZfs(place, ['set', 'readonly=on', part]);
  // A child must not be mounted before what it lies in.
  if (!own.has(PENDING)) await runZfs(place, ['set', 'canmount=noauto', part]);
  await runZfs(place, ['set', `${PENDING}=${JSON.stringify(pending)}`, part]);
}

/** What the side volume was given to be the replica with. */
function pendingOf(place: Place): Partial<Pending> {
  const pending = findPendingSide(place)?.properties[PENDING];
  return pending === undefined ? {} : parsePending(place, pending);
}

/** A name for what is replaced, as `aside-3`. One that an attempt before this has chosen is taken again. */
async function freeAside(place: Place): Promise<string> {
  const chosen = pendingOf(place).aside;
  if (chosen !== undefined && !place.beside.some(({ name }) => name === chosen)) return chosen;
  const names = new Set(place.beside.map(({ name }) => name));
  const container = containerOf(place.volume);
  for (let number = 1; ; number++) {
    const name = `${container}/aside-${number}`;
    if (!names.has(name)) return name;
  }
}

/** What changed there after its newest snapshot is frozen first: nothing of it goes. */
async function moveAside(place: Place, aside: string): Promise<void> {
  const { host, volume } = place;
  await keepChanges({ host, volume }, aside);
  try {
    for (const { name } of datasetsOf(place.entries).toReversed()) await unmount(place, name);
    await runZfs(place, ['rename', volume.path, aside]);
  } catch (error) {
    await mount(place);
    throw error;
  }
}

async function keepChanges(subject: Subject, aside: string): Promise<void> {
  await flush(subject);
  const place = await findPlace(subject.host, subject.volume);
  const name = `tidemark-kept-${aside.slice(aside.lastIndexOf('-') + 1)}`;
  const allow = (stderr: string) => /dataset already exists/.test(stderr);
  const isPart = (dataset: Entry) => dataset.name === subject.volume.path || isBrought(place, dataset.name);
  const parts = datasetsOf(place.entries).filter(isPart);
  if (!parts.some((dataset) => holdsUnfrozen(place, dataset))) return;
  for (const dataset of parts) await runZfs(subject, ['snapshot', `${dataset.name}@${name}`], { allow });
}

/** What is left to do once the side volume is the replica. */
async function finish(subject: Subject): Promise<void> {
  const place = await findPlace(subject.host, subject.volume);
  const top = place.dataset;
  if (!top?.local.has(PENDING)) return;
  const marked = datasetsOf(place.entries).filter(({ local }) => local.has(PENDING));
  for (const { name, properties } of marked) {
    const { canmount = 'on', ...others } = parsePending(place, properties[PENDING] ?? '').settings;
    for (const [property, value] of Object.entries(others))
      await runZfs(place, ['set', `${property}=${value}`, name]);
    await runZfs(place, ['set', `canmount=${canmount}`, name]);
  }
  await mount(place);
  const { aside } = parsePending(place, top.properties[PENDING] ?? '');
  // After the mount: the mount point of a child that comes back lies in the replica.
  if (aside !== undefined) await leaveAside(place, aside);
  await mount(place);
  // Nobody else may take an old word for what the replica says itself.
  if (place.container?.local.has(CLAIMS)) await runZfs(place, ['inherit', CLAIMS, place.container.name]);
  for (const { name } of marked.toReversed()) await runZfs(place, ['inherit', PENDING, name]);
}

function parsePending(subject: Subject, text: string): Pending {
  try {
    return PendingSchema.parse(JSON.parse(text));
  } catch (error) {
    const hint = `see it with: zfs get ${PENDING} ${subject.volume.path}; remove it with: zfs inherit`;
    throw makeError(subject, 'ToolFailed', `its property ${PENDING} can't be parsed`, { hint }, error);
  }
}

/** What was replaced is mounted nowhere and claims nothing; children that were not part of it come back. */
async function leaveAside(place: Place, aside: string): Promise<void> {
  const { volume, beside, entries } = place;
  const old = datasetsOf(beside).filter(({ name }) => name === aside || name.startsWith(`${aside}/`));
  const top = old.find(({ name }) => name === aside);
  if (!top) return;
  if (top.local.has(CLAIMS)) await runZfs(place, ['inherit', CLAIMS, aside]);
  const moved: string[] = [];
  for (const child of old.filter(({ name }) => name !== aside)) {
    const at = `${volume.path}${child.name.slice(aside.length)}`;
    const isThere = entries.some(({ name }) => name === at);
    if (moved.some((name) => child.name.startsWith(`${name}/`))) continue;
    if (!isThere && !isBrought(place, child.name)) {
      await runZfs(place, ['rename', child.name, at], { allow: (stderr) => NOT_MOUNTABLE.test(stderr) });
      moved.push(child.name);
    }
  }
  for (const { name } of old) {
    if (moved.some((other) => name === other || name.startsWith(`${other}/`))) continue;
    await runZfs(place, ['set', 'canmount=noauto', name]);
  }
}

/**
 * Of the replica and of what it replaced, what depends on the side volume. Copies of points do too; they follow the
 * snapshots that they are of, and must not get hold of any: they go when they are no longer read.
 */
function dependsOnSide(place: Place): Entry | undefined {
  const side = sideOf(place.volume);
  const roots = [place.volume.path, ...findAsides(place).map(({ name }) => name)];
  return datasetsOf(allEntries(place)).find(({ name, properties }) => {
    const origin = properties['origin'] ?? '';
    const isOfSide = origin.startsWith(`${side}@`) || origin.startsWith(`${side}/`);
    return isOfSide && roots.some((root) => name === root || name.startsWith(`${root}/`));
  });
}

/** Removes the side volume; snapshots that it had taken over from the replica go back to it. Idempotent. */
export async function discardSide(host: Host, volume: Volume): Promise<void> {
  let place = await findPlace(host, volume);
  if (!findSide(place)) return;
  for (let next = dependsOnSide(place); next; next = dependsOnSide(place)) {
    await runZfs(place, ['promote', next.name]);
    // With the snapshots goes what depends on them.
    place = await findPlace(host, volume);
  }
  const side = sideOf(volume);
  const isOfSide = ({ name }: Entry) => name.startsWith(`${side}@`) || name.startsWith(`${side}/`);
  // Of what a sync that was cut off has brought; what that was counted by may be there still.
  await removeCopies(
    place,
    allEntries(place).flatMap((entry) => (isOfSide(entry) ? [entry.name] : [])),
  );
  await runZfs(place, ['destroy', '-r', side], { allow: isMissing });
}

/**
 * Makes a side volume that holds a state of the replica, or of one that it replaced, and everything older: as
 * much a clone as the storage allows, so that nothing is copied. Idempotent.
 * @param parts the volume's own state first, then those of children
 */
export async function branchSide(host: Host, volume: Volume, parts: readonly Part[]): Promise<string> {
  const side = sideOf(volume);
  const now = await findPlace(host, volume);
  if (findSide(now)) {
    if (parts.length === 1 && parts[0] && isBranched(now, parts[0].snapshot)) return side;
    await discardSide(host, volume);
  }
  const place = await findPlace(host, volume);
  // By identity: a side volume that was discarded may have had it under another dataset.
  const findAgain = ({ properties }: Entry) =>
    allEntries(place).find(
      (entry) => entry.kind === 'snapshot' && entry.properties['guid'] === properties['guid'],
    );
  for (const { part, snapshot } of parts)
    await runZfs(place, ['clone', (findAgain(snapshot) ?? snapshot).name, `${side}${part}`]);
  for (const { part } of parts) await runZfs(place, ['promote', `${side}${part}`]);
  return side;
}

/** The side volume is this state, and nothing else. */
function isBranched(place: Place, base: Entry): boolean {
  const side = sideOf(place.volume);
  const own = place.beside.filter(({ kind, dataset }) => kind === 'snapshot' && dataset === side);
  return own.sort(byAge).at(-1)?.properties['guid'] === base.properties['guid'];
}
