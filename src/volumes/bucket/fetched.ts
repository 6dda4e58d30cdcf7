/** What a relationship has fetched of a bucket: it stays, so that the next time only what is new is fetched. */
import { join } from 'node:path';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import { shortHash } from '../shared/short-hash';

const folderOfRelationship = ({ home }: Host, relationship: string) =>
  join(home, 'bucket-trees', encodeURIComponent(relationship));

export const fetchedFolder = (host: Host, relationship: string, volume: Volume): string =>
  join(folderOfRelationship(host, relationship), shortHash(volume.path));

/** The relationship is deleted. */
export async function forgetFetched(host: Host, relationship: string): Promise<void> {
  await host.files.remove(folderOfRelationship(host, relationship));
}
