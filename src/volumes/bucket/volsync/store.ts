/** A bucket whose files lie as VolSync has them: what its store can do, what lies in it, and where Tidemark's notes are. */
import { LOST_FOUND } from '../../../trees/own-entries';
import { STATE_FOLDER } from '../../../model/paths';
import { type Listing, listTree } from '../listing';
import { at, type Bucket, readObject, runLight } from '../rclone';
import { FACL } from './facl';

/** There is a place beside it: in the same bucket, or in the same folder of the host. */
const HAS_PLACE_BESIDE = /^\/.|^[^/:]+:\/*[^/]+\/+[^/]/;

/**
 * Where what Tidemark notes lies: beside the folder, since VolSync's destination brings whatever is in it into its volume. Of
 * all of a bucket there is no beside: it is in it then, in a folder that readers of ours pass over.
 */
export const besideOf = (bucket: Bucket): Bucket => {
  const { path } = bucket.volume;
  const notes = HAS_PLACE_BESIDE.test(path) ? `${path}.tidemark` : `${path}/${STATE_FOLDER}`;
  return { ...bucket, volume: { ...bucket.volume, path: notes } };
};

/** What lies in the bucket, but for what belongs to no volume's content. */
export interface Look {
  files: Listing;
  /** As the store shows them. */
  folders: ReadonlySet<string>;
  /** As bytes, one character each (`latin1`); undefined where there is none: then it may be of two states. */
  facl: string | undefined;
}

const isContent = (key: string): boolean => {
  const [top] = key.split('/');
  return top !== STATE_FOLDER && top !== LOST_FOUND;
};

/** @returns with `permissions.facl` among the files */
export async function look(bucket: Bucket): Promise<Look> {
  const { files, folders } = await listTree(bucket);
  const text = files.has(FACL) ? await readObject(bucket, FACL) : undefined;
  return {
    files: new Map([...files].filter(([key]) => isContent(key))),
    folders: new Set([...folders].filter(isContent)),
    facl: text?.toString('latin1'),
  };
}

/** The same without it: what the volume holds. */
export const contentOf = (files: Listing): Listing => new Map([...files].filter(([key]) => key !== FACL));

/** Whether anything is at a name at the top. */
export async function isAtTop(bucket: Bucket, name: string): Promise<boolean> {
  const { stdout } = await runLight(
    bucket,
    ['lsf', `--include=/${name}`, `--include=/${name}/**`, '--max-depth=1', '--', at(bucket, '')],
    {},
    [3],
  );
  return stdout.toString().trim() !== '';
}
