/** Repositories of restic: backups in an object store, behind a REST server, over SFTP or in a folder. */
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeStoreDriver } from '../shared/store-driver';
import { check, claim, disclaim, inspect, points } from './claims';
import { findOmitted } from './omitted';
import { settleAll } from './looks';
import { listContent } from './list-content';
import { findOther, listOthers } from './others';
import { markVerified, prune, publish } from './points';
import { reach, scratch } from './reach';
import { repositoryAt } from './restic';
import { resticMover } from './send';
import { capture } from './source';
import { checkPart, isCheckDue, lastPruned } from './upkeep';

const repositoryDriver: VolumeDriver = {
  ...makeStoreDriver('repository', 'a repository is no volume that a service could use'),
  kind: 'repository',
  inspect,
  check,
  claim,
  disclaim,
  capture,
  reach,
  leave: (host, volume, use) => scratch.leave({ host, volume }, use),
  points,
  findOther,
  listOthers,
  listContent,
  publish,
  markVerified,
  findOmitted,
  prune,
  prunedAt: (host, volume) => lastPruned(repositoryAt(host, volume)),
  isExaminationDue: (host, volume) => isCheckDue(repositoryAt(host, volume)),
  examine: (host, volume, signal) => checkPart(repositoryAt(host, volume), signal),
};

export { withoutAccount } from './restic';

export const repository: KindImplementation = (agent) => ({
  driver: repositoryDriver,
  mover: resticMover,
  start: () => scratch.sweep(agent),
  stop: settleAll,
});
