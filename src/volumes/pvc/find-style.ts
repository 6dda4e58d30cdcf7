/** How what is made for a volume is to look, where that is not as everything else of ours: see `style.ts`. */
import type { ClusterObject } from '../../hosts/cluster/objects';
import { findNamespace, type Place } from './place';
import { type Style, styleOf } from './style';

/** Undefined where the volume is of no such resource, or that is gone. */
export async function findStyle(place: Place): Promise<Style | undefined> {
  const { cluster, namespace, volume } = place;
  const [group, version, kind, name] = (volume.options?.madeFor ?? '').split('/');
  if (kind === undefined || name === undefined) return undefined;
  const reference = { apiVersion: `${group}/${version}`, kind, metadata: { namespace, name } };
  const [resource, found] = await Promise.all([
    cluster.api.read<ClusterObject>(reference),
    findNamespace(place),
  ]);
  return resource && styleOf(resource, found?.metadata.annotations);
}
