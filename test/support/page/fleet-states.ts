/** What ten thousand relationships would have told: most are well, some are not, each for a reason of its own. */
import { RelationshipSchema, type RelationshipInput } from '../../../src/model/spec';
import { applyDocument, initialState, toStatus } from '../../../src/model/relationship-state';
import type { RelationshipStatus } from '../../../src/model/status';
import type { ToldState } from '../../../src/model/told-state';

const APPS = ['wiki', 'mail', 'shop-db', 'photos', 'ledger', 'builds', 'tickets', 'maps', 'crm', 'archive'];
const SITES = ['ams', 'ber', 'cph', 'dub', 'fra', 'lon', 'mad', 'par', 'rom', 'vie'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

/** Of a relationship with this document, as if just applied. */
export function statusOfDocument(document: RelationshipInput): RelationshipStatus {
  const { name } = document.metadata;
  const state = initialState(name);
  applyDocument(state, RelationshipSchema.parse(document));
  const status = toStatus(state);
  if (!status) throw new Error('it has a spec');
  return status;
}

function documentOf(index: number): RelationshipInput {
  const [app, site] = [APPS[index % 10], SITES[Math.floor(index / 10) % 10]];
  const name = `${app}-${site}-${String(Math.floor(index / 100)).padStart(2, '0')}`;
  const to = SITES[(Math.floor(index / 10) + 3) % 10];
  const tier = index % 7 === 0 ? 'gold' : index % 3 === 0 ? 'silver' : 'bronze';
  return {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name, labels: { tier, site: site ?? '' } },
    spec: {
      source: { host: `${site}-1`, directory: `/srv/${app}` },
      targets: [{ host: `${to}-2`, directory: `/replica/${app}` }],
      trigger: { schedule: `${index % 60} * * * *`, timezone: 'UTC' },
      objectives: { rpo: '2h' },
    },
  };
}

/** All at once would be no fleet: their copies are minutes to an hour old. */
function synced(status: RelationshipStatus, ageMs: number): RelationshipStatus {
  const at = ago(ageMs);
  return {
    ...status,
    phase: 'Idle',
    lastSync: {
      ...{ syncId: `${status.name}-000007`, result: 'succeeded', startedAt: at, endedAt: at },
      ...{ bytes: 1_800_000, files: 41, durationSeconds: 4.2 },
    },
    targets: status.targets.map((target) => ({
      ...{ ...target, result: 'succeeded', recoveryPoint: '20261121T100000Z-000007', capturedAt: at },
    })),
  };
}

type Change = (status: RelationshipStatus) => RelationshipStatus;

const failing: Change = (status) => ({
  ...status,
  phase: 'Retrying',
  consecutiveFailures: 6,
  targets: status.targets.map((target) => ({
    ...{ ...target, result: 'failed' as const },
    lastError: {
      type: 'TargetFull' as const,
      message: 'there is no room for the next sync',
      host: target.host,
    },
  })),
});

const waiting: Change = (status) => ({
  ...status,
  phase: 'WaitingForApproval',
  approval: { reason: '38 % of all files would be deleted', since: ago(20 * MINUTE_MS) },
});

const failedOver: Change = (status) => ({
  ...status,
  phase: 'FailedOver',
  epoch: 2,
  takeover: {
    ...{ target: status.targets[0]?.name ?? '', from: status.document.spec.source.host, pointId: null },
    ...{ capturedAt: null, at: ago(3 * HOUR_MS), workflowId: `relationship/${status.name}/failover/000008` },
    fenced: true,
  },
});

const syncing: Change = (status) => ({
  ...status,
  phase: 'Syncing',
  operation: {
    ...{ kind: 'sync', workflowId: `relationship/${status.name}/sync/000008`, startedAt: ago(MINUTE_MS) },
    reason: 'schedule',
  },
});

/** What is special about some of them, by their number. */
function specialOf(index: number): { change: Change; ageMs: number } | undefined {
  if (index % 2503 === 17) return { change: failing, ageMs: 9 * HOUR_MS };
  if (index % 1201 === 40) return { change: (status) => status, ageMs: 5 * HOUR_MS };
  if (index % 2999 === 70) return { change: waiting, ageMs: 3 * HOUR_MS };
  if (index % 4999 === 99) return { change: failedOver, ageMs: 3 * HOUR_MS };
  if (index % 997 === 5) return { change: syncing, ageMs: 58 * MINUTE_MS };
  if (index % 3331 === 8)
    return { change: (status) => ({ ...status, phase: 'Paused', paused: true }), ageMs: HOUR_MS };
  return undefined;
}

export function makeFleetStates(count: number): ToldState[] {
  return Array.from({ length: count }, (_, index) => {
    const { change, ageMs } = specialOf(index) ?? {
      ...{ change: (status: RelationshipStatus) => status, ageMs: ((index * 7) % 59) * MINUTE_MS + 40_000 },
    };
    const status = change(synced(statusOfDocument(documentOf(index)), ageMs));
    return { status, at: ago(0) };
  });
}
