import { datasetsOf, listTree, numberOf } from '../listing';
import type { Mover } from '../../../movers/contract';
import { zfsOptions } from '../../../model/movers';

/** `measure` of the mover contract: what the dataset refers to, as ZFS counts it. */
export const measure: Mover['measure'] = async (host, { reach: { path }, mover }) => {
  const datasets = datasetsOf(await listTree({ host, volume: { kind: 'zfs', path } }, path));
  const counted = datasets.filter(({ name }) => zfsOptions(mover).recursive || name === path);
  const bytes = counted.reduce((sum, dataset) => sum + numberOf(dataset, 'referenced'), 0);
  return { disk: bytes, files: bytes };
};
