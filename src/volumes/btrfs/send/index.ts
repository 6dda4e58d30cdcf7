/** Btrfs subvolumes by `btrfs send`, over SSH into a landing. Compared by rsync: what arrives is a tree. */
import { makeKey } from '../../../landings/ssh-client';
import type { Mover } from '../../../movers/contract';
import { close, closeAll } from '../../../movers/shared/close';
import { measure, makeVerifyOffer } from '../../../movers/rsync/compare-trees';
import { receive } from './receive';
import { transfer } from './transfer';
import { verify } from './verify';

export const btrfsMover: Mover = {
  kind: 'btrfs',
  measure,
  // The target knows by itself what its landing runs.
  offer: async (host, { id, targetHost }) => ({
    publicKey: await makeKey(host, id, targetHost),
    told: {},
  }),
  receive,
  transfer,
  close,
  closeAll,
  offerVerify: makeVerifyOffer,
  verify,
};
