/** Container images by digest, over SSH into a landing: only what the target lacks, and no layer twice. */
import type { Mover } from '../../../movers/contract';
import { close, closeAll } from './close';
import { measure } from './measure';
import { makeOffer, makeVerifyOffer } from './offer';
import { receive } from './receive';
import { transfer } from './transfer';
import { verify } from './verify';

export const imageMover: Mover = {
  kind: 'image',
  measure,
  offer: makeOffer,
  receive,
  transfer,
  close,
  closeAll,
  offerVerify: makeVerifyOffer,
  verify,
};
