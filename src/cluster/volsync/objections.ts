/** Why a resource can't be served, in the words that people know from VolSync where it has any. Pure. */
import { checkCron } from '../../model/cron';
import type { Method } from '../../volumes/pvc';
import { objectionToPartner } from './joint';
import { cronOf } from './trigger';
import { methodsIn, type VolSyncResource } from './resource';

const SERVED: readonly string[] = ['rsync', 'rsyncTLS', 'rclone', 'restic'];

/** Left alone altogether: somebody else replicates it. */
export const isExternal = (resource: VolSyncResource): boolean =>
  resource.spec?.external !== undefined && methodsIn(resource).length === 0;

function objectToMethod(resource: VolSyncResource): string | undefined {
  const methods = methodsIn(resource);
  if (methods.length > 0 && resource.spec?.external !== undefined)
    return 'only one replication method can be supplied';
  if (methods.length !== 1)
    return `a replication method must be specified - enabled movers: [${SERVED.join(' ')}]`;
  if (methods[0] === 'syncthing')
    return 'syncthing is not served: it keeps volumes the same in all directions, and Tidemark copies them in one';
  return undefined;
}

function objectToCopyMethod({ kind }: VolSyncResource, copyMethod: string | undefined): string | undefined {
  const [known, named] =
    kind === 'ReplicationSource'
      ? [['Direct', 'None', 'Clone', 'Snapshot'], 'Direct, None, Clone, or Snapshot']
      : [['Direct', 'None', 'Snapshot'], 'Direct, None, or Snapshot'];
  if (copyMethod !== undefined && known.includes(copyMethod)) return undefined;
  return `unsupported copyMethod: ${copyMethod ?? ''} -- must be ${named}`;
}

function objectToVolume(resource: VolSyncResource, method: Exclude<Method, 'syncthing'>): string[] {
  const { spec = {}, kind } = resource;
  const { copyMethod, capacity, accessModes, destinationPVC } = spec[method] ?? {};
  const found = [objectToCopyMethod(resource, copyMethod)];
  if (kind === 'ReplicationSource') {
    if (!spec.sourcePVC) found.push('sourcePVC must be provided');
  } else if (destinationPVC === undefined) {
    if (capacity === undefined) found.push('capacity must be provided when destinationPVC is not');
    if (accessModes === undefined) found.push('accessModes must be provided when destinationPVC is not');
  }
  return found.flatMap((each) => each ?? []);
}

function objectToFields({ spec = {}, kind }: VolSyncResource): string[] {
  const { rclone, restic, rsync, rsyncTLS } = spec;
  const isSource = kind === 'ReplicationSource';
  return [
    ...(rclone && !rclone.rcloneConfig ? ['unable to get Rclone config secret name'] : []),
    ...(rclone && !rclone.rcloneConfigSection ? ['unable to get Rclone config section name'] : []),
    ...(rclone && !rclone.rcloneDestPath ? ['unable to get Rclone destination name'] : []),
    ...(restic && !restic.repository ? ['unable to get restic repository secret name'] : []),
    ...(isSource && rsync && rsync.address === undefined
      ? ['rsync.address must be provided: the destination listens, and nothing comes to fetch']
      : []),
    ...(isSource && rsyncTLS && rsyncTLS.address === undefined ? ['rsyncTLS.address must be provided'] : []),
    ...(!isSource && rsync?.address !== undefined
      ? ['rsync.address is of a source: this destination listens, and its own address is told in its status']
      : []),
    ...(rsync?.volumeMode === 'Block' || rsyncTLS?.volumeMode === 'Block'
      ? ['volumeMode: Block is not served: its other end is diskrsync, which is not there']
      : []),
  ];
}

/** Every reason at once; none where it can be served. */
export function objectionsTo(resource: VolSyncResource): string[] {
  const objection = objectToMethod(resource);
  if (objection !== undefined) return [objection];
  const [method] = methodsIn(resource);
  if (method === undefined || method === 'syncthing') return [];
  const { schedule } = resource.spec?.trigger ?? {};
  const wrong = schedule === undefined ? undefined : checkCron(cronOf(schedule));
  return [
    ...objectToVolume(resource, method),
    ...objectToFields(resource),
    ...[objectionToPartner(resource)].flatMap((each) => each ?? []),
    ...(wrong ? [`trigger.schedule "${schedule}": ${wrong.message}`] : []),
  ];
}
