import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';
import { locateFolder } from './location';

/** A block device, or an image file. */
export const block = {
  endpoint: ({ absolutePath }: SpecValues) =>
    absolutePath.describe(
      'The volume: the absolute path of a block device or of an image file on that host: `/dev/vg/db`, `/srv/images/db.img`.',
    ),
  movers: ['block'],
  // An image file lies among folders as they do; of devices the host itself knows which names are one.
  locate: (id: string) => {
    const location = locateFolder(id);
    return location && { ...location, noun: 'volume' };
  },
  isFolder: false,
  files: 'at-id',
  isWrittenInPlace: true,
  // A device has nothing to freeze it by: the copy is the device itself.
  leastMethod: 'Direct',
  hasTrees: false,
} as const satisfies KindDeclaration;
