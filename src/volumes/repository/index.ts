/** Repositories of restic: backups in an object store, behind a REST server, over SFTP or in a folder. */
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { KindImplementation, VolumeDriver } from '../contract';
import { makeError } from '../shared/tools';
import { check, claim, disclaim, inspect, points } from './claims';
import { findOmitted } from './omitted';
import { settleAll } from './looks';
import { findOther } from './others';
import { markVerified, prune, publish } from './points';
import { leave, reach, sweepRestored } from './reach';
import { repositoryAt } from './restic';
import { resticMover } from './send';
import { capture } from './source';
import { checkPart, isCheckDue } from './upkeep';

/** What a repository is not: a volume that a service could run on. */
const refuse = (host: Host, volume: Volume): Promise<never> =>
  Promise.reject(
    makeError({ host, volume }, 'UnsupportedCapture', 'a repository is no volume that a service could use', {
      hint: 'restore a point of it to a host, and go on there: tidemark restore NAME --target repository --point latest --to HOST:/path',
    }),
  );

const repositoryDriver: VolumeDriver = {
  kind: 'repository',
  inspect,
  check,
  claim,
  disclaim,
  diskUse: () => Promise.resolve({ diskBytes: 0, hasHardLinks: false }),
  size: () => Promise.resolve({ fileBytes: 0, entries: 0 }),
  capture,
  states: () => Promise.resolve([]),
  isChanged: () => Promise.resolve(false),
  release: () => Promise.resolve(),
  reach,
  leave: (host, _volume, use) => leave(host, use),
  points,
  findOther,
  publish,
  markVerified,
  findOmitted,
  clone: refuse,
  removeClones: () => Promise.resolve(),
  prune,
  isExaminationDue: (host, volume) => isCheckDue(repositoryAt(host, volume)),
  examine: (host, volume, signal) => checkPart(repositoryAt(host, volume), signal),
  promote: refuse,
  demote: refuse,
  rollback: refuse,
};

export const repository: KindImplementation = (agent) => ({
  driver: repositoryDriver,
  mover: resticMover,
  start: () => sweepRestored(agent),
  stop: settleAll,
});
