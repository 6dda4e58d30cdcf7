/** Btrfs subvolumes by `btrfs send`, over SSH into a landing. Compared by rsync: what arrives is a tree. */
import { makeKey } from '../../landings/ssh-client';
import type { Mover } from '../contract';
import { rsyncMover } from '../rsync';
import { receive } from './receive';
import { transfer } from './transfer';

export const btrfsMover: Mover = {
  kind: 'btrfs',
  usesStates: true,
  measure: rsyncMover.measure,
  // The target knows by itself what its landing runs.
  offer: async (host, { id, targetHost }) => ({
    publicKey: await makeKey(host, id, targetHost),
    serverCommands: {},
    resolved: {},
  }),
  receive,
  transfer,
  close: rsyncMover.close,
  closeAll: rsyncMover.closeAll,
  offerVerify: rsyncMover.offerVerify,
  verify: rsyncMover.verify,
};
