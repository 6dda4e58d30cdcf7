/** The operations that are cut off: what comes before each, and what each must have done or undone. */
import type { RelationshipStatus } from '../../../src/model/status';
import { diffTrees } from '../world';
import { HOSTS } from './hosts';
import { NAME, type Snapshot, type Stage } from './stage';
import type { Content, SyncedTarget } from './storage';

/** How an operation ended: it did what it is for, or put everything back. */
export type Outcome = 'done' | 'undone';

export interface Rehearsal {
  prepare: (stage: Stage) => Promise<void>;
  request: object;
  isOver: (status: RelationshipStatus, before: RelationshipStatus) => boolean;
  /** @throws where something is lost, or half done. */
  check: (stage: Stage, before: Snapshot, after: Snapshot) => Promise<Outcome>;
  /** To where the next one can be prepared. */
  comeBack?: (stage: Stage) => Promise<void>;
}

function expectEqual(what: string, expected: Content, actual: Content): void {
  const differences = diffTrees(expected, actual);
  if (differences.length > 0) throw new Error(`${what}: ${differences.join('; ')}`);
}

const isOver: Rehearsal['isOver'] = ({ operation, sequence }, before) =>
  sequence > before.sequence && (!operation || operation.kind === 'sync');

/** A sync, and then something that no copy has. */
async function fallBehind(stage: Stage): Promise<void> {
  const primary = await stage.primary();
  await stage.change(primary);
  await stage.sync();
  await stage.change(primary);
}

async function bringBack(stage: Stage): Promise<void> {
  const before = await stage.snapshot();
  await stage.carryOut('reverse', { acceptDiverged: true });
  await checkBroughtBack(stage, before, await stage.snapshot());
}

/** The old primary equals the new one, and what it alone had is a recovery point. */
async function checkBroughtBack(stage: Stage, before: Snapshot, after: Snapshot): Promise<Outcome> {
  const { primary, other } = before;
  if (after.primary !== primary) throw new Error(`${after.primary} is the primary`);
  expectEqual(`${primary} keeps what it has`, before.content[primary], after.content[primary]);
  expectEqual(`${other} equals ${primary}`, before.content[primary], after.content[other]);
  const lost = before.content[other];
  const kept = await stage.points(other);
  if (![...kept.values()].some((content) => diffTrees(lost, content).length === 0))
    throw new Error(`what ${other} alone had is in none of its recovery points`);
  return 'done';
}

/** The next one finds its base, whatever became of this one: nothing is sent in full again. */
async function checkNextSync(stage: Stage, host: Snapshot['other']): Promise<void> {
  await stage.sync();
  const history = (await stage.system.history(NAME)) as { targets: SyncedTarget[] }[];
  const synced = history[0]?.targets.find((target) => target.host === host);
  if (!synced || !stage.storage.wasIncremental(synced))
    throw new Error(`its base was lost, as the sync after it tells: ${JSON.stringify(synced)}`);
}

export const REHEARSALS: Record<'sync' | 'failover' | 'reverse' | 'relocate' | 'drill', Rehearsal> = {
  sync: {
    prepare: fallBehind,
    request: {},
    // A sync that failed is followed by a fresh one, by itself.
    isOver: ({ operation, sequence, lastSync }, before) =>
      sequence > before.sequence && !operation && lastSync?.result === 'succeeded',
    check: async (stage, before, after) => {
      const { primary, other } = before;
      expectEqual(`${primary} keeps what it has`, before.content[primary], after.content[primary]);
      expectEqual(`${other} equals ${primary}`, before.content[primary], after.content[other]);
      await stage.change(primary);
      await checkNextSync(stage, other);
      return 'done';
    },
  },
  failover: {
    prepare: fallBehind,
    request: {},
    isOver,
    check: (_stage, before, after) => {
      if (after.primary !== before.other) throw new Error(`${after.primary} is the primary`);
      const { primary, other } = before;
      expectEqual(`${other} goes on from its recovery point`, before.content[other], after.content[other]);
      expectEqual(`${primary} keeps what it alone has`, before.content[primary], after.content[primary]);
      return Promise.resolve('done');
    },
    comeBack: bringBack,
  },
  reverse: {
    prepare: async (stage) => {
      await fallBehind(stage);
      await stage.carryOut('failover');
      await stage.change(await stage.primary());
    },
    request: { acceptDiverged: true },
    isOver,
    check: checkBroughtBack,
  },
  relocate: {
    prepare: fallBehind,
    request: {},
    isOver,
    check: (_stage, before, after) => {
      const written = before.content[before.primary];
      const isDone = after.primary === before.other;
      expectEqual(`${after.primary} has every byte`, written, after.content[after.primary]);
      if (isDone) expectEqual(`${after.other} is in step`, written, after.content[after.other]);
      return Promise.resolve(isDone ? 'done' : 'undone');
    },
  },
  drill: {
    prepare: (stage) => stage.sync(),
    request: {},
    isOver: ({ drill, lastDrill }, before) =>
      !drill && lastDrill !== undefined && lastDrill.workflowId !== before.lastDrill?.workflowId,
    check: async (stage, before, after) => {
      for (const host of HOSTS) {
        expectEqual(`${host} is as it was`, before.content[host], after.content[host]);
        const left = await stage.clones(host);
        if (left.length > 0) throw new Error(`the drill of ${NAME} has left ${left.join(', ')} at ${host}`);
      }
      return after.status.lastDrill?.result === 'succeeded' ? 'done' : 'undone';
    },
  },
};

export type OperationName = keyof typeof REHEARSALS;
