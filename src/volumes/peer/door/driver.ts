/** The driver of folders that others push to: a directory of this host, and a door that keeps who writes and who reads apart. */
import { join } from 'node:path';
import { knownHostsName } from '../../../hosts/ssh/address';
import type { Host } from '../../../hosts/contract';
import { parseDoor } from '../../../model/doors';
import type { Capture } from '../../../model/capture';
import type { Claim, Volume } from '../../../model/records';
import type { TransferId } from '../../../movers/contract';
import { reachHere } from '../../../movers/reach';
import type { CaptureRequest, State, VolumeDriver } from '../../contract';
import { directoryDriver } from '../../directory';
import { changeClaims, storeClaim } from '../../directory/claims';
import { checkPlace } from '../../directory/guards';
import { findPlace, type Place } from '../../directory/place';
import { shortHash } from '../../shared/short-hash';
import { makeStoreDriver } from '../../shared/store-driver';
import { makeSwitch } from '../../shared/switch';
import { checkName, makeError, writeRecord } from '../../shared/tools';
import { doorFolder, type Doors, madeKey } from './doors';
import { hold, letGo, READS, SYNCS } from './hold';
import { readersPath, takenPath } from './notes';
import { check, findObstacles, folderVolume, noteOf } from './place';

const WHAT_IT_IS = 'a folder that somebody else pushes to is a source';

/** What was frozen of the newest push, by the sync that it was frozen for. */
const frozenPath = (door: string, syncId: string) => join(door, 'frozen', `${syncId}.json`);

const readerOf = ({ relationship, target }: Omit<TransferId, 'syncId'>) =>
  `${READS}${shortHash(JSON.stringify([relationship, target]))}`;

/** For whoever has never pushed: how. */
function tellHow(doors: Doors, door: string, { path, options }: Volume): string {
  const { address = '', port = 22 } = parseDoor(path) ?? {};
  const { user, hostKeys } = doors.keysOf(door) ?? { user: '', hostKeys: [] };
  const name = knownHostsName({ host: address, port });
  const key =
    options?.credentials === undefined
      ? `its private key is ${madeKey(door)}`
      : `its public key is in credentials ${options.credentials}`;
  const over = options?.signal === 'volsync' ? ', then ssh … shutdown 0' : '';
  return `whoever pushes runs: rsync -a --delete -e 'ssh -p ${port}' FOLDER/ ${user}@${address}:.${over}; ${key}; and pins: ${name} ${hostKeys.join(' ')}`;
}

export function makeDoorDriver(doors: Doors): VolumeDriver {
  const holdFor = (host: Host, volume: Volume, reader: string) => {
    const door = doorFolder(host, volume.path);
    return hold({ host, volume }, door, reader, tellHow(doors, door, volume));
  };

  async function freeze(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
    const door = doorFolder(host, volume.path);
    const reader = SYNCS + checkName({ host, volume }, request.syncId);
    const capturedAt = await holdFor(host, volume, reader);
    await host.files.write(takenPath(door), capturedAt);
    const frozen = await directoryDriver.capture(host, folderVolume(volume), request);
    // The live folder too: nobody writes to it until it is released.
    const capture = { ...frozen, live: false, capturedAt };
    if (!frozen.live) {
      await writeRecord({ host, volume }, frozenPath(door, request.syncId), capture);
      await letGo({ host }, door, reader);
    }
    return capture;
  }

  async function capture(host: Host, volume: Volume, request: CaptureRequest): Promise<Capture> {
    const { files } = host;
    const noted = await files.read(frozenPath(doorFolder(host, volume.path), request.syncId));
    const before = noted === undefined ? undefined : (JSON.parse(noted) as Capture);
    if (before && (await files.stat(before.path))) {
      // The attempt that froze it may have been killed before it let go.
      await letGo(
        { host },
        doorFolder(host, volume.path),
        SYNCS + checkName({ host, volume }, request.syncId),
      );
      return before;
    }
    return await freeze(host, volume, request);
  }

  type Release = Parameters<VolumeDriver['release']>[2];
  async function release(host: Host, volume: Volume, request: Release): Promise<void> {
    const door = doorFolder(host, volume.path);
    const { files } = host;
    await directoryDriver.release(host, folderVolume(volume), request);
    const kept = new Set(request.keepSyncIds);
    for (const name of await files.list(join(door, 'frozen')))
      if (!kept.has(name.replace(/\.json$/, ''))) await files.remove(join(door, 'frozen', name));
    for (const name of await files.list(readersPath(door)))
      if (name.startsWith(SYNCS) && !kept.has(name.slice(SYNCS.length)))
        await files.remove(join(readersPath(door), name));
  }

  async function claim(
    host: Host,
    volume: Volume,
    wanted: Claim,
    options?: Parameters<VolumeDriver['claim']>[3],
  ): Promise<void> {
    await check(host, volume, wanted, options);
    await directoryDriver.claim(host, folderVolume(volume), wanted, options);
    const place = await findPlace(host, folderVolume(volume));
    await doors.ensure(noteOf(volume, place, wanted.relationship));
  }

  /** Whoever pushes is told, and not turned away without a word. */
  const switchOf = (volume: Volume) =>
    makeSwitch<Place>({
      change: async (host, folder, work) => changeClaims(await findPlace(host, folder), work),
      check: checkPlace,
      storeClaim,
      whyNoReadOnly: () => undefined,
      makeReadOnly: (place) => {
        const [relationship = ''] = Object.keys(place.state?.claims ?? {});
        const why = `${relationship} has failed over to a copy of this: nothing that is pushed here would be copied any more`;
        return doors.close(noteOf(volume, place, relationship), why);
      },
      makeWritable: (place) => {
        const [relationship = ''] = Object.keys(place.state?.claims ?? {});
        return doors.ensure(noteOf(volume, place, relationship));
      },
    });

  const refuse = (host: Host, volume: Volume): Promise<never> =>
    Promise.reject(
      makeError({ host, volume }, 'UnsupportedCapture', `${WHAT_IT_IS}, and no target`, {
        hint: 'name a directory as the target',
      }),
    );
  return {
    ...makeStoreDriver('peer', WHAT_IT_IS),
    kind: 'peer',
    points: () => Promise.resolve([]),
    publish: refuse,
    markVerified: refuse,
    async inspect(host, volume, options) {
      const found = await directoryDriver.inspect(host, folderVolume(volume), options);
      if (!options?.examine) return found;
      return {
        ...found,
        problems: [...(found.problems ?? []), ...(await findObstacles(doors, host, volume))],
      };
    },
    check: async (host, volume, wanted, options) => void (await check(host, volume, wanted, options)),
    claim,
    async disclaim(host, volume, relationship, copyOf) {
      await doors.remove(volume.path);
      await directoryDriver.disclaim(host, folderVolume(volume), relationship, copyOf);
    },
    capture,
    release,
    async reach(host, volume, state: State, use: TransferId) {
      if (state.of !== 'live') return await directoryDriver.reach(host, folderVolume(volume), state, use);
      const reader = readerOf(use);
      await holdFor(host, volume, reader);
      const door = doorFolder(host, volume.path);
      const reach = reachHere(host, folderVolume(volume).path);
      return { ...reach, close: () => letGo({ host }, door, reader) };
    },
    leave: (host, volume, use) => letGo({ host }, doorFolder(host, volume.path), readerOf(use)),
    promote: (host, volume, wanted) => switchOf(volume).promote(host, folderVolume(volume), wanted),
    demote: (host, volume, wanted) => switchOf(volume).demote(host, folderVolume(volume), wanted),
    diskUse: (host, volume) => directoryDriver.diskUse(host, folderVolume(volume)),
    size: (host, volume) => directoryDriver.size(host, folderVolume(volume)),
  };
}
