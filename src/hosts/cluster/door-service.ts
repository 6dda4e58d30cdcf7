/**
 * The Service before a door in a cluster: an address that stays, whichever pod waits behind it, and while none does. Whoever
 * pushes knows nothing else.
 */
import type { DoorScheme } from '../../model/doors';
import { TidemarkError } from '../../model/errors';
import type { ClusterApi } from './contract';
import { CORE, type ObjectReference, type OwnerReference, type Service } from './objects';

/** Of the pod behind a door: the name of its Service. */
export const DOOR_LABEL = 'tidemark.dev/door';
/** Of the Service of a door. */
const MANAGED_BY = 'app.kubernetes.io/managed-by';

/** By how whoever pushes comes: what the Service calls its port, and where the pod listens. */
export const DOOR_PORTS = {
  ssh: { name: 'ssh', targetPort: 2022 },
  'rsync+tls': { name: 'rsync-tls', targetPort: 8000 },
} as const satisfies Record<DoorScheme, { name: string; targetPort: number }>;

export interface DoorService {
  namespace: string;
  name: string;
  scheme: DoorScheme;
  /** By which it is reached. */
  port: number;
  /** Left out: `ClusterIP`. */
  type?: Service['spec']['type'];
  annotations?: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  /** It goes with this one, who says alone what it is to be. Left out: nobody but the relationship. */
  owner?: OwnerReference;
}

const referTo = ({ namespace, name }: DoorService): ObjectReference => ({
  ...{ apiVersion: CORE, kind: 'Service', metadata: { namespace, name } },
});

/** The Service as it is to be. Pure. */
export function makeDoorService(wanted: DoorService): Service {
  const { namespace, name, scheme, port, type = 'ClusterIP', annotations, labels, owner } = wanted;
  return {
    ...{ apiVersion: CORE, kind: 'Service' },
    metadata: {
      ...{ name, namespace, labels: { ...labels, [MANAGED_BY]: 'tidemark' } },
      ...(annotations && { annotations }),
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: { type, selector: { [DOOR_LABEL]: name }, ports: [{ ...DOOR_PORTS[scheme], port }] },
  };
}

/** What is to be changed of one that is there; undefined where it is as it is to be. Pure. */
export function changeOf(there: Service, wanted: DoorService): object | undefined {
  const { spec, metadata } = makeDoorService(wanted);
  const [port, own] = [there.spec.ports?.[0], spec.ports?.[0]];
  const selector = { ...spec.selector };
  const former = Object.keys(there.spec.selector ?? {}).filter((key) => !(key in selector));
  const isSpec =
    (there.spec.type ?? 'ClusterIP') === spec.type &&
    port?.port === own?.port &&
    port?.targetPort === own?.targetPort &&
    former.length === 0 &&
    there.spec.selector?.[DOOR_LABEL] === wanted.name;
  const missing = (
    values: Readonly<Record<string, string>> = {},
    present: Readonly<Record<string, string>> = {},
  ) => Object.fromEntries(Object.entries(values).filter(([key, value]) => present[key] !== value));
  const annotations = missing(metadata.annotations, there.metadata.annotations);
  const labels = missing(metadata.labels, there.metadata.labels);
  const isMetadata = Object.keys(annotations).length === 0 && Object.keys(labels).length === 0;
  if (isSpec && isMetadata) return undefined;
  const changed = { ...Object.fromEntries(former.map((key) => [key, null])), ...selector };
  return {
    ...(!isMetadata && { metadata: { annotations, labels } }),
    ...(!isSpec && { spec: { type: spec.type, ports: spec.ports, selector: changed } }),
  };
}

/**
 * Makes the Service of a door, or has the one that is there be as it is to be. One that a resource owns is for that one to change,
 * also where somebody else has made it who served the resource before: its address stays.
 * @throws TidemarkError `InvalidSpec` where the name is somebody else's
 */
export async function ensureDoorService(
  { name: host, api }: { name: string; api: ClusterApi },
  wanted: DoorService,
): Promise<Service> {
  const there = await api.create<Service>(makeDoorService(wanted));
  const isOurs = there.metadata.labels?.[MANAGED_BY] === 'tidemark';
  const [owner] = there.metadata.ownerReferences ?? [];
  const isAnothers = wanted.owner !== undefined && owner !== undefined && owner.uid !== wanted.owner.uid;
  const isTakenOver = wanted.owner !== undefined && owner?.uid === wanted.owner.uid;
  const isOfThisDoor = isOurs && there.spec.selector?.[DOOR_LABEL] === wanted.name && !isAnothers;
  if (!isOfThisDoor && !isTakenOver) {
    const whose = owner ? `${owner.kind} ${owner.name} has made` : 'somebody else has made';
    throw new TidemarkError(
      'InvalidSpec',
      `Service ${wanted.namespace}/${wanted.name} is one that ${whose}`,
      { host, hint: 'choose another name for the door, or remove that Service' },
    );
  }
  const change = owner && !wanted.owner ? undefined : changeOf(there, wanted);
  return change ? await api.patch<Service>(referTo(wanted), change) : there;
}

/** Where it is reached by whoever pushes; undefined while it has no address. Pure. */
export function addressOf({ spec, status }: Service): string | undefined {
  if (spec.type !== 'LoadBalancer') return spec.clusterIP || undefined;
  const [first] = status?.loadBalancer?.ingress ?? [];
  return (first?.hostname || first?.ip) ?? undefined;
}
