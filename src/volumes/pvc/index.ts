/** PersistentVolumeClaims of a Kubernetes cluster, whatever CSI driver and class they are of. */
import type { Cluster } from '../../hosts/cluster/contract';
import type { KindImplementation, VolumeDriver } from '../contract';
import { isRemembered } from '../shared/memory';
import { makeSwitch } from '../shared/switch';
import { capture, release } from './capture';
import { changeClaims, check, checkPlace, claim, disclaim, storeClaim } from './claims';
import { clone, removeClones } from './clones';
import { hookJobs, sweepHookJobs } from './hook-job';
import { diskUse, inspect, keeps, size } from './inspect';
import { make, prepareRestore } from './make';
import { findPlace, makeMissing, type Place } from './place';
import { leaveReaders } from './point-copy';
import { markVerified, points } from './points';
import { type MoverPods, podsOf } from './pods';
import { prune, publish } from './publish';
import { reach } from './reach';
import { forgetReplica } from './replica';
import { rollback } from './rollback';
import { sweepReadingRooms } from './rooms';
import { scaleDown, scaleUp } from './workloads';
import { listWritten, wasWritten } from './written';

export { forgetRooms, leaveReadingRoom, openKeptRoom, openReadingRoom, type RoomFor } from './rooms';
export { largest as largestQuantity } from './copies';
export { retireImage } from './images';
export { labelValue } from './names';
export { findPointSnapshot } from './points';
export {
  jobName,
  madeClaimName,
  type Method,
  METHODS,
  serviceName,
  type Side,
  sideOf,
  type SshSecret,
  sshSecretName,
  tlsSecretName,
} from './made-names';
export { DO_NOT_DELETE, MADE_BY_US, mayBeRoot, release as releaseOf } from './style';
export { namespaceOf, toolsOf, withTools } from './tools';
export { removePassing } from './withdraw';

/** What can be done with claims through the pods of one agent. */
function makePvcDriver(pods: MoverPods): VolumeDriver {
  const { promote, demote } = makeSwitch<Place>({
    change: changeClaims,
    async check(place, wanted, options) {
      await checkPlace(place, wanted, options);
      if (!place.pvc) throw makeMissing(place);
      // Who uses the volume from here on need not be on our pod's node.
      await pods.end(place.namespace, place.name);
    },
    storeClaim,
    whyNoReadOnly: ({ volume }) =>
      volume.options?.workloads === undefined
        ? 'a claim can not be made read-only; stop what writes to it, or name that as workloads in the spec'
        : undefined,
    makeReadOnly: (place) => scaleDown(place),
    makeWritable: (place) => scaleUp(place),
  });
  return {
    kind: 'pvc',
    hookJobs,
    inspect: (...args) => inspect(pods, ...args),
    check,
    claim,
    make: (...args) => make(pods, ...args),
    prepareRestore,
    async disclaim(host, volume, relationship, copyOf) {
      await disclaim(host, volume, relationship, copyOf);
      await forgetReplica(host, relationship);
      const place = await findPlace(host, volume);
      await pods.end(place.namespace, place.name);
    },
    diskUse: (...args) => diskUse(pods, ...args),
    size: (...args) => size(pods, ...args),
    keeps: (...args) => keeps(pods, ...args),
    capture,
    // Its newest state is the tree itself: rsync finds what differs.
    states: () => Promise.resolve([]),
    isChanged: () => Promise.resolve(false),
    release: (...args) => release(pods, ...args),
    reach: (...args) => reach(pods, ...args),
    async leave(host, volume, use) {
      const place = await findPlace(host, volume);
      await pods.sweep({ namespace: place.namespace, claimName: place.name });
      await leaveReaders(pods, place, use);
    },
    points,
    publish: (...args) => publish(pods, ...args),
    markVerified,
    listWritten: (...args) => listWritten(pods, ...args),
    wasWritten: (...args) => wasWritten(pods, ...args),
    clone: (...args) => clone(pods, ...args),
    removeClones: (...args) => removeClones(pods, ...args),
    prune,
    async quiesce(host, volume, signal) {
      await scaleDown(await findPlace(host, volume), signal);
    },
    async unquiesce(host, volume) {
      await scaleUp(await findPlace(host, volume));
    },
    promote,
    async demote(host, volume, claim) {
      const place = await findPlace(host, volume);
      if (place.pvc || !(await isRemembered(place, claim.relationship)))
        return await demote(host, volume, claim);
      // Its own cluster says so: there is nothing that could come back as it was.
      await scaleDown(place);
      return { readOnly: true, isGone: true };
    },
    rollback: (...args) => rollback(pods, ...args),
  };
}

async function startUp(pods: MoverPods, cluster: Cluster): Promise<void> {
  await pods.sweep();
  await sweepReadingRooms(cluster);
  await sweepHookJobs(cluster);
}

export const pvc: KindImplementation = ({ cluster }) => {
  if (!cluster) return undefined;
  const pods = podsOf(cluster);
  return { driver: makePvcDriver(pods), start: () => startUp(pods, cluster), stop: () => pods.close() };
};
