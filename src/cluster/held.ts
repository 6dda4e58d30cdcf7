/** What holds a resource at the API server, so that its deletion is seen whoever slept meanwhile. */
import { type ClusterApi, Conflict, type CustomKind } from '../hosts/cluster/contract';
import { type ClusterObject, nameObject } from '../hosts/cluster/objects';
import { FINALIZER } from './resource';

const finalizersOf = ({ metadata }: ClusterObject): readonly string[] => metadata.finalizers ?? [];

export const isHeld = (resource: ClusterObject): boolean => finalizersOf(resource).includes(FINALIZER);

const write = async (api: ClusterApi, resource: ClusterObject, finalizers: readonly string[]) =>
  await api.patch(resource, { metadata: { finalizers, resourceVersion: resource.metadata.resourceVersion } });

/** @throws Conflict where somebody has changed the resource meanwhile */
export async function hold(api: ClusterApi, resource: ClusterObject): Promise<void> {
  if (!isHeld(resource)) await write(api, resource, [...finalizersOf(resource), FINALIZER]);
}

/** Nothing of ours keeps it any more: the API server removes it. @throws Conflict as `hold` */
export async function letGo(api: ClusterApi, resource: ClusterObject): Promise<void> {
  const others = finalizersOf(resource).filter((each) => each !== FINALIZER);
  await write(api, resource, others);
}

/** Whoever changes a resource all the time is not waited for. */
const MOST_TRIES = 10;

async function letGoOfOne(api: ClusterApi, found: ClusterObject): Promise<void> {
  let now: ClusterObject | undefined = found;
  for (let tried = 1; now && isHeld(now); tried++) {
    try {
      await letGo(api, now);
      return;
    } catch (error) {
      if (!(error instanceof Conflict) || tried >= MOST_TRIES) throw error;
      now = await api.read(now);
    }
  }
}

/**
 * Lets go of every resource of these kinds: who holds them is gone for good, and they are to be deletable. The relationships that
 * they stand for stay. @param namespaces undefined: of the whole cluster
 * @returns those that were held: `Relationship shop/mysql`
 */
export async function letGoOfAll(
  api: ClusterApi,
  kinds: readonly CustomKind[],
  namespaces: readonly string[] | undefined,
): Promise<string[]> {
  const held: string[] = [];
  for (const { apiVersion, kind } of kinds) {
    for (const namespace of namespaces ?? [undefined]) {
      const selection = { apiVersion, kind, ...(namespace !== undefined && { namespace }) };
      for (const resource of (await api.list<ClusterObject>(selection)).filter(isHeld)) {
        await letGoOfOne(api, resource);
        held.push(nameObject(resource));
      }
    }
  }
  return held;
}
