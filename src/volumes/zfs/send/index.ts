/** ZFS datasets by `zfs send`, over SSH into a landing. */
import type { Mover } from '../../../movers/contract';
import { close, closeAll } from './close';
import { measure } from './measure';
import { makeOffer, makeVerifyOffer } from './offer';
import { receive } from './receive';
import { transfer } from './transfer';
import { verify } from './verify';

export const zfsMover: Mover = {
  kind: 'zfs',
  measure,
  offer: makeOffer,
  receive,
  transfer,
  close,
  closeAll,
  offerVerify: makeVerifyOffer,
  verify,
};
