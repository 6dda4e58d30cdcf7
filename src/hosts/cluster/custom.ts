/** Custom resources: followed as they change, and told how they stand. */
import type * as Kubernetes from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Ask } from './client';
import type { CustomApi, CustomKind, WatchedKind } from './contract';
import { type Asked, askedFor, explain } from './failures';
import type { ClusterObject, ObjectReference } from './objects';

type Library = typeof Kubernetes;

/** Whoever wrote a field of a status. */
const FIELD_MANAGER = 'tidemark';
/** The server has forgotten where the watch was: it begins anew. */
const GONE = 410;

const partsOf = ({ apiVersion }: CustomKind) => {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version };
};

/** Kubernetes' own first kinds are in no group. */
const rootOf = ({ apiVersion }: CustomKind) => `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`;

/** @param cluster as users call it */
export function makeCustomApi(
  cluster: string,
  kubeConfig: KubeConfig,
  library: Library,
  ask: Ask,
): CustomApi {
  /** Undefined: it was removed meanwhile. */
  async function writeStatus(
    kind: CustomKind,
    { name, namespace = '' }: ObjectReference['metadata'],
    how: 'ServerSideApply' | 'MergePatch',
    status: object,
  ): Promise<{ status?: object } | undefined> {
    const { apiVersion, plural } = kind;
    const metadata = { name, namespace };
    const isApply = how === 'ServerSideApply';
    const api = kubeConfig.makeApiClient(library.CustomObjectsApi);
    return await ask<{ status?: object } | undefined>(
      askedFor(cluster, 'write the status of', { apiVersion, kind: kind.kind, metadata }),
      () =>
        api.patchNamespacedCustomObjectStatus(
          {
            ...{ ...partsOf(kind), namespace, plural, name },
            body: isApply ? { apiVersion, kind: kind.kind, metadata, status } : { status },
            ...{ fieldManager: FIELD_MANAGER, ...(isApply && { force: true }) },
          },
          library.setHeaderOptions('Content-Type', library.PatchStrategy[how]),
        ) as Promise<{ status?: object }>,
      ({ code }) => (code === 404 ? { value: undefined } : undefined),
    );
  }

  return {
    watch<T extends ClusterObject>(
      { from, ...kind }: WatchedKind,
      onObject: (object: T) => void,
      signal: AbortSignal,
    ): Promise<string | undefined> {
      const inNamespace = kind.namespace === undefined ? '' : `/namespaces/${kind.namespace}`;
      const path = `${rootOf(kind)}${inNamespace}/${kind.plural}`;
      const asked: Asked = { cluster, verb: 'watch', what: `resources of kind ${kind.kind}` };
      let reached = from;
      return new Promise((resolve, reject) => {
        let connection: AbortController | undefined;
        const stop = () => connection?.abort();
        const end = (error?: unknown) => {
          signal.removeEventListener('abort', stop);
          const code = (error as { statusCode?: number } | undefined)?.statusCode;
          // Without one it is the connection that ended, as it does where nothing was to be told for 30 s.
          if (code === undefined || signal.aborted) return resolve(reached);
          if (code === GONE) return resolve(undefined);
          reject(explain(asked, { code, message: error instanceof Error ? error.message : String(error) }));
        };
        const onEvent = (phase: string, object: T) => {
          // What has happened since then the server no longer knows.
          if (phase === 'ERROR') reached = undefined;
          else reached = object.metadata.resourceVersion;
          if (phase === 'ADDED' || phase === 'MODIFIED' || phase === 'DELETED') onObject(object);
        };
        signal.addEventListener('abort', stop);
        const query = { allowWatchBookmarks: true, ...(from !== undefined && { resourceVersion: from }) };
        new library.Watch(kubeConfig).watch(path, query, onEvent, end).then((opened) => {
          connection = opened;
          if (signal.aborted) stop();
        }, end);
      });
    },
    async applyStatus(kind, metadata, status) {
      const written = await writeStatus(kind, metadata, 'ServerSideApply', status);
      return written?.status ?? undefined;
    },
    async patchStatus(kind, metadata, change) {
      await writeStatus(kind, metadata, 'MergePatch', change);
    },
  };
}
