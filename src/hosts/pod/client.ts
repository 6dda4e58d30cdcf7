import type * as Kubernetes from '@kubernetes/client-node';

/**
 * The Kubernetes client. It is an ES module and large (0.5 s and 155 MB of memory to load), so it is loaded here alone,
 * by the agents that serve a cluster. For types, `import type` will do.
 */
export const loadKubernetes = (): Promise<typeof Kubernetes> => import('@kubernetes/client-node');
