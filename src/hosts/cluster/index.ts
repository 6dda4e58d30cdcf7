/** Connects to a cluster: by the service account of the pod that this runs in, or by a kubeconfig. */
import { TidemarkError } from '../../model/errors';
import { makePodRunner } from '../pod';
import { loadKubernetes } from '../pod/client';
import { makeClusterApi, refuseKubeConfig } from './client';
import { makeCustomApi } from './custom';
import type { Cluster, MoverSettings } from './contract';

export interface ClusterOptions {
  /** What users call it. */
  name: string;
  /** A file; left out: the service account of this pod, or else as kubectl has it. */
  kubeconfig?: string;
  context?: string;
  namespaces?: readonly string[];
  settings: MoverSettings;
}

/** @throws TidemarkError `InvalidSpec` where there is no such kubeconfig or context */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { name, kubeconfig, context, namespaces, settings } = options;
  const library = await loadKubernetes();
  const config = new library.KubeConfig();
  const where = kubeconfig ?? 'the kubeconfig';
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw refuseKubeConfig(where, error);
  }
  if (context !== undefined) {
    const known = config.getContexts().map((each) => each.name);
    if (!known.includes(context)) {
      throw new TidemarkError('InvalidSpec', `${where} has no context ${context}`, {
        host: name,
        hint: known.length > 0 ? `it has ${known.join(', ')}` : 'it has none',
      });
    }
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()) throw refuseKubeConfig(where, new Error('it names no cluster'));
  const { ask, ...api } = makeClusterApi(name, config, library);
  return {
    name,
    api: { ...api, ...makeCustomApi(name, config, library, ask) },
    settings,
    ...(namespaces && { namespaces }),
    runnerIn: ({ namespace, pod, container, scratch }) =>
      makePodRunner({ name, kubeConfig: config, namespace, pod, container, scratch }),
  };
}
