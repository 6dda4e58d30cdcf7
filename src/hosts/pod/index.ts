/** A container of a pod in a Kubernetes cluster: everything by the API's exec, its own shell and its own tools. */
import type { PodRunner } from '../cluster/contract';
import { makeRemoteRunner } from '../remote';
import { makePodCarrier } from './carrier';
import type { KubeAccess } from './exec';

/**
 * Programs and files of a container that runs. Nothing is asked of it until the first use.
 * The container needs `sh`, GNU coreutils, findutils and grep, and util-linux; it may run as any user and with a
 * read-only root. This agent needs the verbs `get` and `create` on `pods/exec`, and `get` on `pods`.
 * @param name the host that users know: the cluster's
 * @param scratch a folder of the container that its user can write to; absolute
 */
export function makePodRunner({
  name,
  kubeConfig,
  namespace,
  pod,
  container,
  scratch,
}: {
  name: string;
  kubeConfig: KubeAccess;
  namespace: string;
  pod: string;
  container: string;
  scratch: string;
}): PodRunner {
  const carrier = makePodCarrier(kubeConfig, { host: name, namespace, pod, container });
  return { ...makeRemoteRunner(carrier, scratch), close: () => carrier.close() };
}
