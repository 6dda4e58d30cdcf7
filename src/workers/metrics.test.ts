import { FakeCatalog, makeRelationshipEntry } from '../../test/support/model/catalog-fake';
import { makeDocument, minute } from '../../test/support/model/records';
import { DURATION_BUCKETS, type SyncTotals } from '../catalog/contract';
import type { HostsSource } from './hosts-seen';
import { checkCode } from '../client/check';
import { renderRelationshipDetails } from '../model/details';
import { HEALTHS } from '../model/health';
import { initialState } from '../model/relationship-state';
import type { RelationshipStatus, Takeover } from '../model/status';
import { summarize } from '../model/summary';
import { makeControlMetrics } from './metrics';
import type { KnownState } from './fleet/known-states';

const TOLD = { named: true, labels: null, toldAt: null };
const hosts: HostsSource = {
  hosts: () =>
    Promise.resolve([
      { name: 'alpha', seen: true, lastSeenAt: minute(9), identities: ['1@alpha'], ...TOLD },
      { name: 'beta', seen: false, identities: [], ...TOLD },
      { name: 'spare', seen: false, identities: [], ...TOLD, named: false },
    ]),
};

const durationCounts = DURATION_BUCKETS.map((bound) => (bound === 60 ? 3 : 0) + (bound === 1 ? 1 : 0));
const totals: SyncTotals = {
  relationship: 'wiki',
  result: 'succeeded',
  syncs: 6,
  durationSeconds: 200_000.5,
  bytesSent: 5_000_000_000,
  filesChanged: 12,
  durationCounts: [...durationCounts, 2],
};

function makeCatalog(): FakeCatalog {
  const promised = makeDocument('wiki', {
    targets: [
      { host: 'beta', directory: '/srv/data' },
      { host: 'gamma', directory: '/srv/data' },
    ],
    objectives: { rpo: '5m' },
  });
  const wiki = makeRelationshipEntry(promised, minute(0));
  const [beta, gamma] = wiki.targets as [never, object];
  const relationships = [
    makeRelationshipEntry(makeDocument('quiet')),
    { ...wiki, targets: [beta, { ...gamma, recoveryPoint: null, capturedAt: null } as never] },
  ];
  return new FakeCatalog({
    relationships,
    totals: { syncs: [totals], missedTicks: [{ relationship: 'wiki', count: 3 }] },
  });
}

async function linesOf(options: Parameters<typeof makeControlMetrics>[0]): Promise<string[]> {
  const text = await makeControlMetrics(options).text();
  return text.split('\n').filter((line) => line.startsWith('tidemark_'));
}

test('tells the lag of each target and whether its promise is kept', async () => {
  const lines = await linesOf({ catalog: makeCatalog(), hosts, now: () => Date.parse(minute(5, 30)) });
  expect(lines.filter((line) => /lag|rpo/.test(line))).toEqual([
    'tidemark_lag_seconds{relationship="wiki",target="beta"} 330',
    'tidemark_rpo_seconds{relationship="wiki",target="beta"} 300',
    'tidemark_rpo_seconds{relationship="wiki",target="gamma"} 300',
    'tidemark_rpo_met{relationship="wiki",target="beta"} 0',
    'tidemark_rpo_met{relationship="wiki",target="gamma"} 0',
  ]);
  const earlier = await linesOf({ catalog: makeCatalog(), hosts, now: () => Date.parse(minute(5)) });
  expect(earlier).toContain('tidemark_rpo_met{relationship="wiki",target="beta"} 1');
});

test('tells the status of each target as a number, also of one that nothing was promised of', async () => {
  const statusAt = async (now: string) =>
    (await linesOf({ catalog: makeCatalog(), hosts, now: () => Date.parse(now) })).filter((line) =>
      line.includes('status'),
    );
  expect(await statusAt(minute(10))).toEqual([
    'tidemark_target_status{relationship="quiet",target="beta"} 2',
    'tidemark_target_status{relationship="wiki",target="beta"} 0',
    'tidemark_target_status{relationship="wiki",target="gamma"} 2',
  ]);
  expect(await statusAt(minute(10, 1))).toContain(
    'tidemark_target_status{relationship="wiki",target="beta"} 1',
  );
  expect(await statusAt(minute(15, 1))).toContain(
    'tidemark_target_status{relationship="wiki",target="beta"} 2',
  );
});

test('takes sums from the catalog, and begins with zero where nothing happened yet', async () => {
  const lines = await linesOf({ catalog: makeCatalog(), hosts });
  expect(lines).toEqual(
    expect.arrayContaining([
      'tidemark_syncs_total{relationship="wiki",result="succeeded"} 6',
      'tidemark_syncs_total{relationship="wiki",result="failed"} 0',
      'tidemark_syncs_total{relationship="quiet",result="succeeded"} 0',
      'tidemark_bytes_sent_total{relationship="wiki"} 5000000000',
      'tidemark_files_changed_total{relationship="wiki"} 12',
      'tidemark_missed_ticks_total{relationship="wiki"} 3',
      'tidemark_missed_ticks_total{relationship="quiet"} 0',
    ]),
  );
});

test('gives the durations of syncs as a histogram whose buckets add up', async () => {
  const lines = await linesOf({ catalog: makeCatalog(), hosts });
  const labels = 'relationship="wiki",result="succeeded"';
  expect(lines).toEqual(
    expect.arrayContaining([
      `tidemark_sync_duration_seconds_bucket{${labels},le="1"} 1`,
      `tidemark_sync_duration_seconds_bucket{${labels},le="30"} 1`,
      `tidemark_sync_duration_seconds_bucket{${labels},le="60"} 4`,
      `tidemark_sync_duration_seconds_bucket{${labels},le="86400"} 4`,
      `tidemark_sync_duration_seconds_bucket{${labels},le="+Inf"} 6`,
      `tidemark_sync_duration_seconds_sum{${labels}} 200000.5`,
      `tidemark_sync_duration_seconds_count{${labels}} 6`,
    ]),
  );
});

test('tells which agents are there and when they were last seen', async () => {
  const lines = await linesOf({ catalog: makeCatalog(), hosts });
  expect(lines.filter((line) => line.includes('agent'))).toEqual([
    'tidemark_agent_seen{host="alpha"} 1',
    'tidemark_agent_seen{host="beta"} 0',
    `tidemark_agent_last_seen_timestamp_seconds{host="alpha"} ${Date.parse(minute(9)) / 1000}`,
  ]);
});

test('says so where the catalog or Temporal does not answer, and nothing that is out of date', async () => {
  const catalog = makeCatalog();
  let broken = false;
  const source: HostsSource = { hosts: () => (broken ? Promise.reject(new Error('gone')) : hosts.hosts()) };
  const metrics = makeControlMetrics({ catalog, hosts: source });
  expect(await metrics.text()).toContain('tidemark_catalog_up 1\n');
  broken = true;
  catalog.broken = new Error('gone');
  const text = await metrics.text();
  expect(text).toContain('tidemark_catalog_up 0\n');
  expect(text).toContain('tidemark_temporal_up 0\n');
  expect(text).not.toMatch(/^tidemark_(?!catalog_up|temporal_up)/m);
  expect(text).toContain('process_cpu_seconds_total');
});

test('each scrape is taken anew, not added to the one before', async () => {
  const metrics = makeControlMetrics({ catalog: makeCatalog(), hosts });
  await Promise.all([metrics.text(), metrics.text()]);
  expect(await metrics.text()).toContain('tidemark_syncs_total{relationship="wiki",result="succeeded"} 6\n');
});

test("notes in a comment where the SDK's own metrics do not answer", async () => {
  const text = await makeControlMetrics({
    catalog: makeCatalog(),
    hosts,
    sdkMetricsAddress: '127.0.0.1:1',
  }).text();
  expect(text).toMatch(/^# Metrics of Temporal's SDK are not there: 127\.0\.0\.1:1 does not answer \(.+\)$/m);
});

describe('what a relationship says of itself counts, as it does for tidemark get', () => {
  const statusOf = async (state: KnownState, now = minute(1)) => {
    const states = { states: () => Promise.resolve(new Map([['wiki', state]])) };
    const lines = await linesOf({ catalog: makeCatalog(), hosts, states, now: () => Date.parse(now) });
    return lines.filter((line) => line.startsWith('tidemark_target_status{relationship="wiki"'));
  };
  const status = ({ ...more }: Partial<RelationshipStatus> = {}): RelationshipStatus => ({
    name: 'wiki',
    document: makeDocument('wiki', { targets: [{ host: 'beta', directory: '/srv/data' }] }),
    ...{ phase: 'Idle', paused: false, direction: 'forward', epoch: 1, sequence: 1 },
    targets: [
      { name: 'beta', host: 'beta', volume: '/srv/data', result: 'succeeded', capturedAt: minute(0) },
    ],
    ...{ consecutiveFailures: 0, missedTicks: 0, warnings: [], ...more },
  });
  const waiting = { for: 'approve' as const, text: 'one more', since: minute(0) };
  const operation = { kind: 'failover' as const, workflowId: 'x', startedAt: minute(0), reason: 'request' };

  const takeover: Takeover = {
    ...{ target: 'gamma', from: 'beta', pointId: 'p', capturedAt: minute(0), at: minute(1) },
    ...{ workflowId: 'x', fenced: true },
  };

  test.each<[string, KnownState, number]>([
    ['it is in step', { status: status() }, 0],
    ['it waits for somebody', { status: status({ operation: { ...operation, waiting } }) }, 1],
    ['it does not answer', { unanswered: 'Temporal does not answer' }, 1],
    ['it was terminated', { vanished: { how: 'terminated', at: minute(5) } }, 2],
    ['it has failed over', { status: status({ takeover }) }, 2],
  ])('%s', async (_what, state, expected) => {
    expect(await statusOf(state)).toContainEqual(
      `tidemark_target_status{relationship="wiki",target="beta"} ${expected}`,
    );
    if (!('status' in state)) return;
    const summary = summarize(state.status, Date.parse(minute(1)));
    expect(HEALTHS.indexOf(summary.status)).toBe(expected);
    expect(checkCode([summary])).toBe(expected);
    const { notice: _none, ...rest } = state.status;
    const details = renderRelationshipDetails({ ...initialState('wiki'), ...rest }, Date.parse(minute(1)));
    expect(details).toContain(summary.targets[0]?.status);
  });
});
