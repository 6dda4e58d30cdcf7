/** The rclone mover: what a bucket is sent by. */
import { TidemarkError } from '../../../model/errors';
import type { Host } from '../../../hosts/contract';
import type { Mover, TransferId } from '../../../movers/contract';
import { measure } from '../../../movers/rsync/compare-trees';
import { kept } from '../fetched';
import { transfer as transferAsVolSync } from '../volsync/transfer';
import { makeTold, readVolume } from './told';
import { sendAttempt, transfer } from './transfer';

/** What a target of this kind is compared with is a tree that rsync compares: nobody asks this mover. */
const refuse = (): Promise<never> =>
  Promise.reject(new TidemarkError('InvalidSpec', 'rclone compares no trees', { hint: 'leave mover out' }));

const end = async (host: Host, id: Omit<TransferId, 'syncId'>) => {
  await host.endAttempts(sendAttempt(host.home, id));
};

export const rcloneMover: Mover = {
  kind: 'rclone',
  measure,
  offer: () => Promise.resolve({ publicKey: '', told: {} }),
  receive: (_host, _landings, { volume }) =>
    Promise.resolve({ door: { how: 'store', prefix: volume.path }, told: makeTold(volume) }),
  transfer: (host, request) =>
    readVolume(request.opened).options?.layout === 'volsync'
      ? transferAsVolSync(host, request)
      : transfer(host, request),
  close: (host, _place, id) => end(host, id),
  closeAll: (host, _place, id) => end(host, id),
  forget: kept.forget,
  offerVerify: refuse,
  verify: refuse,
};
