/** The restic mover: what a repository is sent by. */
import { TidemarkError } from '../../../model/errors';
import type { Host } from '../../../hosts/contract';
import type { Mover, TransferId } from '../../../movers/contract';
import { measure } from '../../../movers/rsync/compare-trees';
import { kept } from '../source';
import { backupAttempt, transfer } from './transfer';
import { makeTold } from './told';

/** What a target of this kind is compared with is a tree that rsync compares: nobody asks this mover. */
const refuse = (): Promise<never> =>
  Promise.reject(new TidemarkError('InvalidSpec', 'restic compares no trees', { hint: 'leave mover out' }));

const end = async (host: Host, id: Omit<TransferId, 'syncId'>) => {
  await host.endAttempts(backupAttempt(host.home, id));
};

export const resticMover: Mover = {
  kind: 'restic',
  measure,
  offer: () => Promise.resolve({ publicKey: '', told: {} }),
  receive: (_host, _landings, { volume }) =>
    Promise.resolve({ door: { how: 'none' }, told: makeTold(volume) }),
  transfer,
  close: (host, _place, id) => end(host, id),
  closeAll: (host, _place, id) => end(host, id),
  forget: kept.forget,
  offerVerify: refuse,
  verify: refuse,
};
