/** Block devices and image files: the blocks that differ, in place, by rsync's own device options. */
import type { Mover } from '../contract';
import { close, closeAll } from '../shared/close';
import { measure } from './measure';
import { makeOffer, makeVerifyOffer } from './offer';
import { receive } from './receive';
import { forgetMarks } from './source-marks';
import { transfer } from './transfer';
import { verify } from './verify';

export const blockMover: Mover = {
  kind: 'block',
  measure,
  offer: makeOffer,
  receive,
  transfer,
  close,
  closeAll,
  forget: forgetMarks,
  offerVerify: makeVerifyOffer,
  verify,
};
