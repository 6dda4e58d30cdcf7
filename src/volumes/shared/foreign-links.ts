/** Files of a replica that are one where the tree that it is to equal has several: copying alone leaves them one. */
import { nulWords } from '../../hosts/nul-words';
import type { Runner } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import type { Volume } from '../../model/records';
import {
  ALL_BUT_FOLDERS,
  findForeignLinks,
  listLinkedNames,
  type WorkOptions,
} from '../../trees/linked-names';

/**
 * Removes the names of such files. The copying that follows brings them back, each as the file that it is in the tree.
 * @param host where both are
 */
export async function separateForeignLinks(
  { host, volume }: { host: Runner; volume: Volume },
  replica: string,
  tree: string,
  options: WorkOptions,
): Promise<void> {
  const list = (root: string) => listLinkedNames({ host, volume }, root, ALL_BUT_FOLDERS, options);
  const foreign = findForeignLinks(await list(replica), await list(tree));
  if (foreign.length === 0) return;
  const stdin = nulWords(foreign.map(({ path }) => path));
  const remove = ['xargs', '-0', 'rm', '-f', '--'];
  const result = await host.run(remove, { ...options, cwd: replica, stdin });
  if (result.exitCode !== 0) throw toolFailed(host, remove, result, volume.path);
}
