/** Where the tests' cluster has its programs, and where its clusters keep their state. */
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheHome } from '../../src/client/up-state';

export const ROOT = resolve(__dirname, '../..');

/** Folder of a cluster's state: `<this>/<index>`. Shared by all users of this machine, as its networks are. */
export const CLUSTERS = join(tmpdir(), 'tidemark-clusters');

/** Images that were made of this machine's programs. */
export const IMAGES = join(cacheHome(), 'kubernetes', 'images');

/**
 * Folder of `kube`, `kubectl`, `snapshot-controller`, `csi-snapshotter`, the .proto files and the definitions of
 * snapshots. @throws Error where set-up has not brought it yet
 */
export function kubernetesFolder(): string {
  const link = join(ROOT, '.cache', 'kubernetes');
  if (!existsSync(link))
    throw new Error(
      'the programs of the tests’ Kubernetes are not there: run `npm run set-up -- --for-tests`, which builds them once',
    );
  return realpathSync(link);
}
