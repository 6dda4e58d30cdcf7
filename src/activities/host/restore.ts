import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { measureTree } from '../../trees/measure-tree';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import { pageOf } from '../../model/others';
import { declarationOf } from '../../model/kinds';
import type { Opened } from '../../movers/contract';
import { type Reach, reachAt, reachHere } from '../../movers/reach';
import type { HostActivities, RestoreDestination } from '../contract';
import type { AgentContext } from './context';
import { type Doors, withReach } from './doors';
import { expiryIn } from './landed';
import { findPart, findRestorePlace, judgeFolder, type RestorePlace } from './restore-place';
import { isTorn } from './torn';
import { findPoint } from './verify';

/** How large a claim is made for what has no size of its own. */
const LEAST_CLAIM_BYTES = 2 ** 30;

/** Its owner, and who else may look, are told by what is restored. */
const PRIVATE_FOLDER = 0o700;

export function noTree(host: Host, { kind, path }: Volume): TidemarkError {
  const message = `a recovery point of kind ${kind} holds no files, and can't be restored into a directory`;
  const hint = 'fail over to it, or rehearse that on a copy: tidemark drill';
  return new TidemarkError('UnsupportedCapture', message, { host: host.name, volume: path, hint });
}

export function makeRestore(
  context: AgentContext,
  doors: Doors,
): Pick<HostActivities, 'offerRestore' | 'receiveRestore' | 'listOthers'> {
  const { host, volumes } = context;
  return {
    async offerRestore({ volume, claim, syncId, id, holder, pointId, part, targetHost, mover, dryRun }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      if (!declarationOf(volume.kind).hasTrees) throw noTree(host, volume);
      const written = { relationship: claim.relationship, target: holder, syncId };
      const broken = await isTorn(context, { volume, id: written, point });
      const state = { of: 'point', relationship: claim.relationship, pointId: point.id } as const;
      return await withReach({ host, volume, driver }, state, id, async (reach) => {
        const { runner, path } = reach;
        const content =
          part === undefined
            ? { entries: point.files, bytes: point.bytes }
            : await findPart(runner, { tree: path, part, pointId: point.id });
        const onDisk = await measureTree(runner, part === undefined ? path : join(path, part));
        const leastBytes = Math.min(content.bytes, onDisk);
        const isItem = part !== undefined;
        const offer = dryRun
          ? await volumes.moverFor(mover).offerVerify(host, { id, reach, mover, quick: true, isItem })
          : await volumes.moverFor(mover).offer(host, { id, reach, targetHost, mover, isItem });
        const capture = { syncId, method: 'Direct', path, live: false, pointId: point.id } as const;
        const { capacityBytes } = await driver.inspect(host, volume, { inside: false });
        const shape = capacityBytes === undefined ? {} : { shape: { capacityBytes } };
        return { offer, point, content, leastBytes, broken, capture, ...shape };
      });
    },

    async receiveRestore(input) {
      const isClaim = !input.path.startsWith('/');
      return isClaim
        ? await receiveInClaim(context, doors, input)
        : await receiveInFolder(context, doors, input);
    },

    async listOthers({ volume, relationship, limit, before }) {
      const found = (await volumes.driverFor(volume).listOthers?.(host, volume, relationship)) ?? [];
      return pageOf(found, { limit, ...(before !== undefined && { before }) });
    },
  };
}

type ReceiveInput = Parameters<HostActivities['receiveRestore']>[0];

/** Opens the landing of a restore, once its place was judged. */
async function openAt(
  { host, volumes }: AgentContext,
  doors: Doors,
  { id, offer, mover, dryRun, landingLifetimeMs }: ReceiveInput,
  volume: Volume,
  open: () => Promise<Reach>,
): Promise<Opened> {
  const keeps = await volumes.driverFor(volume).keeps?.(host, volume);
  return await doors.openFor(id, open, (reach, landings) =>
    volumes.moverFor(mover).receive(host, landings, {
      ...{ id, reach, volume, offer, mover },
      ...(keeps && { keeps }),
      writeMode: dryRun ? 'verify' : 'delayed',
      expiresAt: expiryIn(landingLifetimeMs),
    }),
  );
}

const wantedOf = ({ path, overwrite, leastBytes, part }: ReceiveInput) => ({
  ...{ path, overwrite, leastBytes },
  ...(part !== undefined && { part }),
});

function describePlace({ root, found, base, item }: RestorePlace): RestoreDestination {
  return { root, found, ...(base !== undefined && { base }), ...(item !== undefined && { item }) };
}

async function receiveInFolder(
  context: AgentContext,
  doors: Doors,
  input: ReceiveInput,
): Promise<RestoreDestination> {
  const { host } = context;
  const found = await findRestorePlace(host, wantedOf(input));
  const place = describePlace(found);
  // Nothing there can be deleted.
  if (input.dryRun && place.found.entries === 0) return place;
  const { root, exists, folder } = found;
  if (!exists) await host.files.mkdir(root, PRIVATE_FOLDER);
  const volume: Volume = { kind: 'directory', path: folder };
  const open = () => Promise.resolve(reachHere(host, folder));
  return { ...place, opened: await openAt(context, doors, input, volume, open) };
}

/** A claim that is nobody's, made where it is missing. */
async function receiveInClaim(
  context: AgentContext,
  doors: Doors,
  input: ReceiveInput,
): Promise<RestoreDestination> {
  const { host, volumes } = context;
  const { id, path, dryRun, like = {}, source = {}, leastBytes } = input;
  const volume: Volume = { kind: 'pvc', path, options: like };
  const driver = volumes.driverFor(volume);
  const capacityBytes = source.capacityBytes ?? Math.max(LEAST_CLAIM_BYTES, 2 * leastBytes);
  const isThere = await driver.prepareRestore?.(host, volume, {
    source: { ...source, capacityBytes },
    dryRun,
  });
  if (isThere !== true) return { root: path, found: { entries: 0, bytes: 0 } };
  const open = () => driver.reach(host, volume, { of: 'live' }, id);
  const look = { host, volume, driver };
  const found = await withReach(look, { of: 'live' }, id, (reach) =>
    judgeFolder(reach.runner, reach.path, wantedOf(input)),
  );
  const place = { ...describePlace(found), root: path };
  if (dryRun && place.found.entries === 0) return place;
  const openFolder = async () => {
    const reach = await open();
    return reachAt(reach, found.folder);
  };
  return { ...place, opened: await openAt(context, doors, input, volume, openFolder) };
}
