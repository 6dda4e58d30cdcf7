/** The driver of doors into claims, as sources: an address that stays. What lies behind it is the target's claim itself. */
import { ensureDoorService } from '../../../hosts/cluster/door-service';
import { CORE, type ObjectReference, type Service } from '../../../hosts/cluster/objects';
import type { Host } from '../../../hosts/contract';
import { parseClaimDoor } from '../../../model/doors';
import type { Claim, Volume } from '../../../model/records';
import { reachHere } from '../../../movers/reach';
import type { Inspection, VolumeDriver } from '../../contract';
import { makeStoreDriver } from '../../shared/store-driver';
import { makeError } from '../../shared/tools';

const WHAT_IT_IS = 'a door is no volume: what is pushed lies in the claim that is its target';
/** Of a Service: the relationship whose door it is. */
const WHOSE = 'tidemark.dev/door-of';

interface Door {
  cluster: NonNullable<Host['cluster']>;
  scheme: 'ssh' | 'rsync+tls';
  reference: ObjectReference & { metadata: { namespace: string } };
  port: number;
}

/** @throws TidemarkError `InvalidSpec` where the host is no cluster */
function doorOf(host: Host, volume: Volume): Door {
  const { scheme, service, port } = parseClaimDoor(volume.path) ?? {};
  const [namespace = ''] = volume.near?.path.split('/') ?? [];
  if (host.cluster && scheme && service !== undefined && port !== undefined) {
    const metadata = { namespace, name: service };
    return {
      cluster: host.cluster,
      scheme,
      port,
      reference: { apiVersion: CORE, kind: 'Service', metadata },
    };
  }
  throw makeError(
    { host, volume },
    'InvalidSpec',
    `host ${host.name} is no Kubernetes cluster, and has no claims`,
    {
      hint: 'name an address of the host, a port and a folder: ssh://192.0.2.1:2222/srv/incoming/wiki',
    },
  );
}

/** @throws TidemarkError `Fenced` where it is another relationship's */
async function checkWhose(
  host: Host,
  volume: Volume,
  { relationship }: Pick<Claim, 'relationship'>,
): Promise<void> {
  const { cluster, reference } = doorOf(host, volume);
  const found = await cluster.api.read<Service>(reference);
  const whose = found?.metadata.annotations?.[WHOSE];
  if (whose === undefined || whose === relationship) return;
  const { namespace, name } = reference.metadata;
  throw makeError({ host, volume }, 'Fenced', `Service ${namespace}/${name} is the door of ${whose}`, {
    hint: 'choose another name',
  });
}

async function claim(host: Host, volume: Volume, wanted: Claim): Promise<void> {
  await checkWhose(host, volume, wanted);
  const { cluster, scheme, port, reference } = doorOf(host, volume);
  const { serviceType, serviceAnnotations } = volume.options ?? {};
  const { metadata } = await ensureDoorService(cluster, {
    ...{ namespace: reference.metadata.namespace, name: reference.metadata.name, scheme, port },
    ...(serviceType && { type: serviceType }),
    ...(serviceAnnotations && { annotations: serviceAnnotations }),
  });
  if (metadata.annotations?.[WHOSE] === wanted.relationship) return;
  await cluster.api.patch(reference, { metadata: { annotations: { [WHOSE]: wanted.relationship } } });
}

async function disclaim(host: Host, volume: Volume, relationship: string): Promise<void> {
  const { cluster, reference } = doorOf(host, volume);
  const found = await cluster.api.read<Service>(reference);
  if (found?.metadata.annotations?.[WHOSE] !== relationship) return;
  // One that a resource owns goes with that.
  if (found.metadata.ownerReferences?.length)
    await cluster.api.patch(reference, { metadata: { annotations: { [WHOSE]: null } } });
  else await cluster.api.remove(reference, found.metadata.uid);
}

async function findProblems(host: Host, volume: Volume): Promise<string[]> {
  const { cluster, reference } = doorOf(host, volume);
  const { namespace } = reference.metadata;
  const rights = await Promise.all(
    ['get', 'create', 'patch', 'delete'].map(async (verb) => ({
      verb,
      isAllowed: await cluster.api.may(verb, 'services', namespace),
    })),
  );
  const missing = rights.flatMap(({ verb, isAllowed }) => (isAllowed ? [] : [verb]));
  if (missing.length === 0) return [];
  return [
    `the agent may not ${missing.join(', ')} services in namespace ${namespace}, which lead to a door; allow it: deploy/kubernetes/agent-namespace-role.yaml`,
  ];
}

async function inspect(host: Host, volume: Volume, { examine = false } = {}): Promise<Inspection> {
  const problems = examine ? await findProblems(host, volume) : [];
  return {
    ...{ exists: true, filesystem: 'door', mountPoint: volume.path, empty: false },
    ...{ freeBytes: Number.MAX_SAFE_INTEGER, capture: ['Direct'], points: [], whyNot: {} },
    ...(problems.length > 0 && { problems }),
  };
}

export const claimDoorDriver: VolumeDriver = {
  ...makeStoreDriver('peer', WHAT_IT_IS),
  kind: 'peer',
  inspect,
  check: (host, volume, wanted) => checkWhose(host, volume, wanted),
  claim,
  disclaim,
  // Nothing is frozen here, and nothing read.
  capture: (_host, { path }, { syncId }) => Promise.resolve({ syncId, method: 'Direct', path, live: true }),
  reach: (host, { path }) => Promise.resolve(reachHere(host, path)),
  points: () => Promise.resolve([]),
  publish: (host, volume) =>
    Promise.reject(
      makeError({ host, volume }, 'UnsupportedCapture', WHAT_IT_IS, { hint: 'name a claim as the target' }),
    ),
  markVerified: (host, volume) =>
    Promise.reject(
      makeError({ host, volume }, 'UnsupportedCapture', WHAT_IT_IS, { hint: 'name a claim as the target' }),
    ),
};
