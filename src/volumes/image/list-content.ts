/** What a recovery point holds: the images, by the names that they had. */
import type { Host } from '../../hosts/contract';
import type { Entry } from '../../model/point-content';
import type { Volume } from '../../model/records';
import type { ListRequest } from '../contract';
import { findPlace } from './place';
import { findRecord } from './points';

/** `listContent` of the volume contract. */
export async function listContent(
  host: Host,
  volume: Volume,
  { relationship, pointId }: ListRequest,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const { names, images } = (await findRecord(await findPlace(host, volume), relationship, pointId)).set;
  const nameless = Object.keys(images).filter((id) => !Object.values(names).includes(id));
  const all = [...Object.entries(names), ...nameless.map((id) => [`sha256:${id}`, id] as const)];
  for (const [path, id] of all)
    onEntry({ path, type: 'image', bytes: images[id]?.bytes ?? 0, digest: `sha256:${id}` });
}
