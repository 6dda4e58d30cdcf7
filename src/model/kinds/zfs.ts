import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';

/** A ZFS dataset. */
export const zfs = {
  endpoint: ({ dataset }: SpecValues) =>
    dataset.describe('The volume: a ZFS dataset on that host, `tank/wiki`.'),
  movers: ['zfs'],
  locate: (id: string) => ({ family: 'zfs', path: `/${id}`, noun: 'volume' }),
  isFolder: false,
  files: 'where-mounted',
  isWrittenInPlace: false,
  onlyMethod: 'Snapshot',
  hasTrees: true,
} as const satisfies KindDeclaration;
