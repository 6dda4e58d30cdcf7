/** What a claim is, and what can be done with it. */
import type { CaptureMethod, PointMethod, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { DiskUse, Inspection, VolumeSize } from '../contract';
import { isBlank, lookAtSomething } from '../../movers/block/look';
import { directoryDriver } from '../directory';
import { showClaims } from '../shared/state';
import { capacityOf } from './copies';
import { findProblems } from './examine';
import { findPlace, findStorageClass, modeOf, type ReadyPlace } from './place';
import type { MoverPods } from './pods';
import { quantityToBytes } from './quantity';
import { withFiles, withLive } from './reach';
import { findSnapshotClass } from './snapshots';

/** What it could hold that is still to be made: its class may give less, and says so then. */
const NOBODY_KNOWS = Number.MAX_SAFE_INTEGER;
const NO_OTHER_POINTS =
  'points of a claim are snapshots: leave copyMethod out, or use copyMethod Snapshot or Direct';

/** `inspect` of the volume contract. */
export async function inspect(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { inside = true, examine = false }: { inside?: boolean; examine?: boolean } = {},
): Promise<Inspection> {
  const place = await findPlace(host, volume);
  const claims = showClaims(place.state);
  const problems = examine ? await findProblems(place) : [];
  const about = {
    mountPoint: `${place.namespace}/${place.name}`,
    ...claims,
    ...(problems.length > 0 && { problems }),
  };
  const { pvc } = place;
  if (!pvc) {
    const { capacity } = volume.options ?? {};
    return {
      ...{ ...about, exists: false, filesystem: 'pvc', empty: true },
      freeBytes: capacity === undefined ? NOBODY_KNOWS : quantityToBytes(capacity),
      ...{ capture: [], points: ['Snapshot', 'Direct'], whyNot: {} },
    };
  }
  const ready = { ...place, pvc };
  const methods = await findMethods(ready);
  const grows = await findGrowth(ready);
  // Of one that is not bound nothing was ever written to.
  const isEmpty = pvc.status?.phase !== 'Bound';
  // What is wrong is told by it, and would keep a pod from coming up.
  const isSeen = inside && !isEmpty && problems.length === 0;
  const content = isSeen ? await lookInside(pods, ready) : { ...describeUnseen(ready), empty: isEmpty };
  const isBlock = modeOf(pvc) === 'Block';
  return { ...{ exists: true, ...about, ...content, ...methods }, ...grows, ...(isBlock && { isBlock }) };
}

const describeUnseen = ({ pvc }: ReadyPlace) => ({
  filesystem: `pvc (${pvc.spec.storageClassName ?? 'no class'})`,
  freeBytes: quantityToBytes(capacityOf(pvc) ?? '0'),
});

async function lookInside(pods: MoverPods, place: ReadyPlace) {
  const isBlock = modeOf(place.pvc) === 'Block';
  return await withLive(pods, place, {}, async ({ runner, path }) => {
    if (isBlock) {
      const found = await lookAtSomething(runner, path);
      return { ...describeUnseen(place), empty: await isBlank(runner, found), fixedBytes: found.bytes };
    }
    const [empty, room] = await Promise.all([
      runner.files.isEmpty(path, NOT_CONTENT),
      runner.files.room(path),
    ]);
    const { stdout } = await runChecked(runner, ['stat', '-f', '-c', '%T', '--', path]);
    return { filesystem: stdout.toString().trim(), ...room, empty };
  });
}

/** What its class lets it become. */
async function findGrowth(place: ReadyPlace): Promise<Pick<Inspection, 'capacityBytes' | 'canGrow'>> {
  const storageClass = await findStorageClass(place);
  const capacity = capacityOf(place.pvc);
  return {
    ...(capacity !== undefined && { capacityBytes: quantityToBytes(capacity) }),
    ...(storageClass?.allowVolumeExpansion === true && { canGrow: true }),
  };
}

async function findMethods(place: ReadyPlace): Promise<Pick<Inspection, 'capture' | 'points' | 'whyNot'>> {
  const found = await findSnapshotClass(place);
  const whyNot: Inspection['whyNot'] = { Clone: NO_OTHER_POINTS, HardLink: NO_OTHER_POINTS };
  const capture: CaptureMethod[] = ['Clone', 'Direct'];
  const points: PointMethod[] = ['Direct'];
  if ('whyNot' in found) {
    whyNot.Snapshot = `${found.whyNot}: use copyMethod Clone or Direct at a source, Direct at a target`;
  } else {
    capture.unshift('Snapshot');
    points.unshift('Snapshot');
  }
  return { capture, points, whyNot };
}

/** Works on the live volume as on a folder of the pod. */
async function asFolder<T>(
  pods: MoverPods,
  host: Host,
  volume: Volume,
  work: (there: Host, folder: Volume) => Promise<T>,
): Promise<T | undefined> {
  return await withFiles(pods, { host, volume }, {}, async (_place, { runner, path }) => {
    const there: Host = { ...runner, home: runner.scratch };
    return await work(there, { kind: 'directory', path });
  });
}

/** `diskUse` of the volume contract. */
export async function diskUse(pods: MoverPods, host: Host, volume: Volume): Promise<DiskUse> {
  const found = await asFolder(pods, host, volume, (...folder) => directoryDriver.diskUse(...folder));
  return found ?? { diskBytes: 0, hasHardLinks: false };
}

/** `size` of the volume contract. */
export async function size(pods: MoverPods, host: Host, volume: Volume): Promise<VolumeSize> {
  const found = await asFolder(pods, host, volume, (...folder) => directoryDriver.size(...folder));
  return found ?? { fileBytes: 0, entries: 0 };
}

/** `keeps` of the volume contract. */
export const keeps = (pods: MoverPods, host: Host, volume: Volume) =>
  asFolder(pods, host, volume, async (...folder) => await directoryDriver.keeps?.(...folder));
