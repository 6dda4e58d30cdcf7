/** Which engine a volume names, and where its images are. Pure. */

export const ENGINES = ['podman', 'docker', 'containerd'] as const;

export type EngineKind = (typeof ENGINES)[number];

/** `podman:/srv/images`, `docker:/run/docker.sock`, `containerd:/run/containerd/containerd.sock#k8s.io`. */
export interface Store {
  engine: EngineKind;
  /** Of Podman the storage root, of the others the socket; left out, the engine's own. */
  location?: string;
  /** Of containerd. */
  namespace: string;
}

const DEFAULT_NAMESPACE = 'default';

/** @throws Error for a path that the spec would have refused. */
export function parseStore(path: string): Store {
  const [, engine, location, namespace] =
    /^(podman|docker|containerd)(?::(\/[^#]*))?(?:#([A-Za-z0-9][A-Za-z0-9._-]*))?$/.exec(path) ?? [];
  const kind = ENGINES.find((known) => known === engine);
  if (!kind || (namespace !== undefined && kind !== 'containerd'))
    throw new Error(`not an image store: ${path}`);
  return { engine: kind, ...(location && { location }), namespace: namespace ?? DEFAULT_NAMESPACE };
}

/** How the engine's own tool is started for this store. */
export function makeCommand({ engine, location, namespace }: Store): string[] {
  switch (engine) {
    case 'podman':
      return ['podman', ...(location ? ['--root', location] : [])];
    case 'docker':
      return ['docker', ...(location ? ['--host', `unix://${location}`] : [])];
    case 'containerd':
      return ['ctr', ...(location ? ['--address', location] : []), '--namespace', namespace];
  }
}

/**
 * Podman and Docker name an image by the digest of its configuration and layers by that of their content, and
 * so take each other's; containerd names both by what was downloaded.
 */
export function isCompatible(source: EngineKind, target: EngineKind): boolean {
  return (source === 'containerd') === (target === 'containerd');
}
