/** Removes subvolumes, with whatever other subvolumes are inside of them. */
import { isInside } from '../../../trees/mounts';
import type { Place } from '../place';
import { classifyFailure, runTool } from '../../shared/tools';
import { listSubvolumes } from './subvolumes';
import { setReadOnly } from './trees';

/** Everything in it is gone then. Cut off, it may be called again. */
export async function deleteSubvolume(place: Place, path: string): Promise<void> {
  const argv = ['btrfs', 'subvolume', 'delete', path];
  const result = await place.host.run(argv);
  if (result.exitCode === 0) return;
  if (!/Directory not empty/.test(result.stderr)) throw classifyFailure(place, argv, result);
  const subvolumes = await listSubvolumes(place);
  const outerFirst = subvolumes
    .filter((each) => each.path !== undefined && isInside(each.path, path))
    .sort((one, other) => ((one.path ?? '') < (other.path ?? '') ? -1 : 1));
  const hasOthersInside = (outer: string) =>
    outerFirst.some((each) => each.path !== outer && isInside(each.path ?? '', outer));
  for (const { path: each = '', readOnly } of outerFirst) {
    // Nothing can be taken out of what is read-only.
    if (readOnly && hasOthersInside(each)) await setReadOnly(place, each, false);
  }
  for (const { path: each = '' } of outerFirst.toReversed())
    await runTool(place, ['btrfs', 'subvolume', 'delete', each]);
}
