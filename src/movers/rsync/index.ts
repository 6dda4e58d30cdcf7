/** Files by rsync, over SSH into a landing. */
import type { Mover } from '../contract';
import { close, closeAll } from '../shared/close';
import { makeOffer, makeVerifyOffer } from './offer';
import { measure } from './measure';
import { receive } from './receive';
import { forgetHistory } from './source-history';
import { transfer } from './transfer';
import { verify } from './verify';

export const rsyncMover: Mover = {
  kind: 'rsync',
  measure,
  offer: makeOffer,
  receive,
  transfer,
  close,
  closeAll,
  forget: forgetHistory,
  offerVerify: makeVerifyOffer,
  verify,
};
