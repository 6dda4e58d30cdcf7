/** How bytes come into a pod: an sshd in it, and a Service in front of that where the pod's own address will not do. */
import type { Landings } from '../../landings/contract';
import { openPodLandings } from '../../landings/pod';
import type { LandingService } from '../../landings/sshd';
import { TidemarkError } from '../../model/errors';
import { CORE, type ObjectReference, type Service } from '../../hosts/cluster/objects';
import { ownerOf } from './names';
import { type Place, referTo } from './place';
import { SSHD_PORT } from './pod-spec';
import type { OpenPod } from './pods';
import { waitFor } from './waiting';

/** Where sources connect to. */
interface Address {
  address: string;
  port: number;
}

export interface PodDoor {
  landings: Landings;
  close(): Promise<void>;
}

/** Nothing is opened before somebody is to come in. */
export function openPodDoor(place: Place, open: OpenPod): PodDoor {
  let opening: Promise<{ service: LandingService; at: Address }> | undefined;
  const start = async () => {
    const at = await findAddress(place, open);
    const service = await openPodLandings(open.runner, {
      advertisedAddress: at.address,
      port: at.port,
      containerPort: SSHD_PORT,
    });
    return { service, at };
  };
  const opened = () => (opening ??= start());
  return {
    landings: {
      open: async (request) => (await opened()).service.landings.open(request),
      close: async (id) => (await opening)?.service.landings.close(id),
      sweep: async (now) => (await opening)?.service.landings.sweep(now) ?? 0,
    },
    async close() {
      await (await opening?.catch(() => undefined))?.service.stop();
    },
  };
}

async function findAddress(place: Place, open: OpenPod): Promise<Address> {
  const { expose, address, port } = place.cluster.settings;
  const own = expose === 'PodIP' ? addressOfPod(place, open) : await addressOfService(place, open);
  return { address: address ?? own.address, port: port ?? own.port };
}

function addressOfPod(place: Place, { pod }: OpenPod): Address {
  const address = pod.status?.podIP;
  if (address !== undefined) return { address, port: SSHD_PORT };
  throw new TidemarkError('HostUnreachable', `pod ${pod.metadata.name} has no address`, {
    host: place.cluster.name,
    volume: place.volume.path,
    hint: 'it resumes by itself; if it does not, look at the network plugin of the node',
  });
}

/** It goes with the Job that it leads to. */
async function addressOfService(place: Place, { job, pod, labels }: OpenPod): Promise<Address> {
  const { cluster, namespace, volume } = place;
  const { expose } = cluster.settings;
  const { name } = job.metadata;
  const reference: ObjectReference = referTo('Service', namespace, name);
  const type = expose === 'PodIP' ? 'ClusterIP' : expose;
  await cluster.api.create<Service>({
    apiVersion: CORE,
    kind: 'Service',
    metadata: { name, namespace, labels, ownerReferences: [ownerOf(job)] },
    spec: {
      type,
      selector: { 'batch.kubernetes.io/job-name': name },
      ports: [{ name: 'ssh', port: SSHD_PORT, targetPort: SSHD_PORT }],
    },
  });
  return await waitFor<Address>(
    {
      ...{ cluster, namespace, volume: volume.path, about: [reference] },
      what: `an address of Service ${namespace}/${name}`,
      hint:
        type === 'LoadBalancer'
          ? 'does this cluster give addresses to Services of type LoadBalancer? Otherwise start the agent with --expose NodePort'
          : `look at it: kubectl describe service ${name} --namespace ${namespace}`,
    },
    async () => {
      const found = await cluster.api.read<Service>(reference);
      if (!found) return { failed: 'somebody deleted the Service' };
      const at = judgeService(found, pod.status?.hostIP);
      return at ? { done: at } : { pending: [] };
    },
  );
}

/** Where a Service is reached from outside of it; undefined as long as it has no address. */
export function judgeService({ spec, status }: Service, nodeIp: string | undefined): Address | undefined {
  switch (spec.type) {
    case 'NodePort': {
      const port = spec.ports?.[0]?.nodePort;
      return port === undefined || nodeIp === undefined ? undefined : { address: nodeIp, port };
    }
    case 'LoadBalancer': {
      const [found] = status?.loadBalancer?.ingress ?? [];
      const address = found?.hostname ?? found?.ip;
      return address === undefined ? undefined : { address, port: SSHD_PORT };
    }
    default:
      return spec.clusterIP ? { address: spec.clusterIP, port: SSHD_PORT } : undefined;
  }
}
