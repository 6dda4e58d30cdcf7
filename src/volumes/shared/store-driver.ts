/** What kinds without a host of their own have in common: nobody's volume is there, and no service can go on in one. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { VolumeDriver } from '../contract';
import { makeError } from './tools';

type Common = Pick<
  VolumeDriver,
  | 'diskUse'
  | 'size'
  | 'capture'
  | 'states'
  | 'isChanged'
  | 'release'
  | 'clone'
  | 'removeClones'
  | 'prune'
  | 'promote'
  | 'demote'
  | 'rollback'
>;

/** @param whatItIs as messages begin: `a bucket is no volume that a service could use` */
export function makeStoreDriver(kind: VolumeDriver['kind'], whatItIs: string): Common {
  const refuse = (host: Host, volume: Volume): Promise<never> =>
    Promise.reject(
      makeError({ host, volume }, 'UnsupportedCapture', whatItIs, {
        hint: `restore a point of it to a host, and go on there: tidemark restore NAME --target ${kind} --point latest --to HOST:/path`,
      }),
    );
  const nothing = () => Promise.resolve();
  return {
    diskUse: () => Promise.resolve({ diskBytes: 0, hasHardLinks: false }),
    size: () => Promise.resolve({ fileBytes: 0, entries: 0 }),
    capture: refuse,
    states: () => Promise.resolve([]),
    isChanged: () => Promise.resolve(false),
    release: nothing,
    clone: refuse,
    removeClones: nothing,
    prune: nothing,
    promote: refuse,
    demote: refuse,
    rollback: refuse,
  };
}
