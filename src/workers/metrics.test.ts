import { FakeCatalog } from '../../test/support/model/catalog-fake';
import { minute } from '../../test/support/model/records';
import { makeStates, makeStatus } from '../../test/support/model/status';
import { DURATION_BUCKETS, type SyncDurations, type Totals } from '../catalog/contract';
import { checkCode } from '../client/check';
import { renderRelationshipDetails } from '../model/details';
import { HEALTHS } from '../model/health';
import { initialState } from '../model/relationship-state';
import type { RelationshipStatus, TargetStatus, Takeover } from '../model/status';
import { summarize } from '../model/summary';
import type { FleetNow, FleetSource } from './fleet/fleet';
import type { HostsSource } from './hosts-seen';
import { makeControlMetrics } from './metrics';

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
const durations: SyncDurations = {
  ...{ result: 'succeeded', syncs: 6, durationSeconds: 200_000.5, durationCounts: [...durationCounts, 2] },
};
const totals: Totals = {
  syncs: [
    {
      ...{ relationship: 'wiki', result: 'succeeded', syncs: 6, durationSeconds: 200_000.5 },
      ...{ bytesSent: 5_000_000_000, filesChanged: 12 },
    },
  ],
  missedTicks: [{ relationship: 'wiki', count: 3 }],
  points: [{ relationship: 'wiki', target: 'beta', points: 4, oldestCapturedAt: minute(-30) }],
};

const makeCatalog = () => new FakeCatalog({ totals, syncDurations: [durations] });

/** Of two targets, one of which was never synced. */
function makeWiki(more: Partial<RelationshipStatus> = {}): RelationshipStatus {
  const spec = {
    targets: [
      { host: 'beta', directory: '/srv/data' },
      { host: 'gamma', directory: '/srv/data' },
    ],
    objectives: { rpo: '5m' },
  };
  const wiki = makeStatus('wiki', spec);
  const [beta, gamma] = wiki.targets as [TargetStatus, TargetStatus];
  return { ...wiki, targets: [{ ...beta, result: 'succeeded', capturedAt: minute(0) }, gamma], ...more };
}

function makeFleet(wiki = makeWiki(), more: Partial<FleetNow> = {}): FleetSource {
  const states = makeStates(makeStatus('quiet'), wiki);
  return { now: () => Promise.resolve({ states, checkedAt: minute(5), trouble: null, ...more }) };
}

type Options = Parameters<typeof makeControlMetrics>[0];

const makeMetrics = (options: Partial<Options> = {}) =>
  makeControlMetrics({ catalog: makeCatalog(), hosts, fleet: makeFleet(), ...options });

async function linesOf(options: Partial<Options> = {}): Promise<string[]> {
  const text = await makeMetrics(options).text();
  return text.split('\n').filter((line) => line.startsWith('tidemark_'));
}

/** What is told of wiki but for its targets and sums. */
async function linesOfWiki(
  more: Partial<RelationshipStatus>,
  options: Partial<Options> = {},
): Promise<string[]> {
  const lines = await linesOf({ fleet: makeFleet(makeWiki(more)), ...options });
  return lines.filter((line) => line.includes('relationship="wiki"'));
}

test('tells the lag of each target and whether its promise is kept', async () => {
  const lines = await linesOf({ now: () => Date.parse(minute(5, 30)) });
  expect(lines.filter((line) => /_(lag|rpo|objective)_/.test(line))).toEqual([
    'tidemark_lag_seconds{relationship="wiki",target="beta"} 330',
    'tidemark_objective_seconds{relationship="wiki",target="beta",origin="rpo"} 300',
    'tidemark_objective_seconds{relationship="wiki",target="gamma",origin="rpo"} 300',
    'tidemark_rpo_seconds{relationship="wiki",target="beta"} 300',
    'tidemark_rpo_seconds{relationship="wiki",target="gamma"} 300',
    'tidemark_rpo_met{relationship="wiki",target="beta"} 0',
    'tidemark_rpo_met{relationship="wiki",target="gamma"} 0',
  ]);
  const earlier = await linesOf({ now: () => Date.parse(minute(5)) });
  expect(earlier).toContain('tidemark_rpo_met{relationship="wiki",target="beta"} 1');
});

test('tells the status of each target as a number, also of one that nothing was promised of', async () => {
  const statusAt = async (now: string) =>
    (await linesOf({ now: () => Date.parse(now) })).filter((line) =>
      line.startsWith('tidemark_target_status'),
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
  const lines = await linesOf();
  expect(lines).toEqual(
    expect.arrayContaining([
      'tidemark_syncs_total{relationship="wiki",result="succeeded"} 6',
      'tidemark_syncs_total{relationship="wiki",result="failed"} 0',
      'tidemark_syncs_total{relationship="quiet",result="succeeded"} 0',
      'tidemark_sync_seconds_total{relationship="wiki",result="succeeded"} 200000.5',
      'tidemark_bytes_sent_total{relationship="wiki"} 5000000000',
      'tidemark_files_changed_total{relationship="wiki"} 12',
      'tidemark_missed_ticks_total{relationship="wiki"} 3',
      'tidemark_missed_ticks_total{relationship="quiet"} 0',
    ]),
  );
});

test('gives the durations of syncs as a histogram whose buckets add up', async () => {
  const lines = await linesOf();
  const labels = 'result="succeeded"';
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
  const lines = await linesOf();
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
  const metrics = makeMetrics({ catalog, hosts: source });
  expect(await metrics.text()).toContain('tidemark_catalog_up 1\n');
  broken = true;
  catalog.broken = new Error('gone');
  const text = await metrics.text();
  expect(text).toContain('tidemark_catalog_up 0\n');
  expect(text).toContain('tidemark_temporal_up 0\n');
  expect(text).not.toMatch(/^tidemark_(?!catalog_up|temporal_up|build_info)/m);
  expect(text).toContain('process_cpu_seconds_total');
});

test('each scrape is taken anew, not added to the one before', async () => {
  const metrics = makeMetrics();
  await Promise.all([metrics.text(), metrics.text()]);
  expect(await metrics.text()).toContain('tidemark_syncs_total{relationship="wiki",result="succeeded"} 6\n');
});

test("notes in a comment where the SDK's own metrics do not answer", async () => {
  const text = await makeMetrics({ sdkMetricsAddress: '127.0.0.1:1' }).text();
  expect(text).toMatch(/^# Metrics of Temporal's SDK are not there: 127\.0\.0\.1:1 does not answer \(.+\)$/m);
});

const takeover: Takeover = {
  ...{ target: 'gamma', from: 'beta', pointId: 'p', capturedAt: minute(0), at: minute(1) },
  ...{ workflowId: 'x', fenced: true },
};

describe('what a relationship says of itself counts, as it does for tidemark get', () => {
  const waiting = { for: 'approve' as const, text: 'one more', since: minute(0) };
  const operation = { kind: 'failover' as const, workflowId: 'x', startedAt: minute(0), reason: 'request' };

  test.each<[string, Partial<RelationshipStatus>, number]>([
    ['it is in step', {}, 0],
    ['it waits for somebody', { operation: { ...operation, waiting } }, 1],
    ['it was terminated', { vanished: { how: 'terminated', at: minute(5) } }, 2],
    ['it has failed over', { takeover }, 2],
  ])('%s', async (_what, more, expected) => {
    const status = makeStatus('wiki', {}, { targets: makeWiki().targets.slice(0, 1), ...more });
    const now = Date.parse(minute(1));
    const lines = await linesOf({ fleet: makeFleet(status), now: () => now });
    expect(lines).toContain(`tidemark_target_status{relationship="wiki",target="beta"} ${expected}`);
    const summary = summarize(status, now);
    expect(HEALTHS.indexOf(summary.status)).toBe(expected);
    expect(checkCode([summary])).toBe(expected);
    const { notice: _none, ...rest } = status;
    const details = renderRelationshipDetails({ ...initialState('wiki'), ...rest }, now);
    expect(details).toContain(summary.targets[0]?.status);
  });

  test('nothing is said to be up that could not be asked', async () => {
    const lines = await linesOf({
      ...{ fleet: makeFleet(makeWiki(), { trouble: 'Temporal does not answer' }) },
      now: () => Date.parse(minute(1)),
    });
    expect(lines).toContain('tidemark_target_status{relationship="wiki",target="beta"} 1');
    expect(lines).toContain('tidemark_fleet_trouble 1');
  });
});

test('tells when all were last looked at, and how many are how', async () => {
  const lines = await linesOf({ now: () => Date.parse(minute(1)) });
  expect(lines).toEqual(
    expect.arrayContaining([
      `tidemark_fleet_checked_timestamp_seconds ${Date.parse(minute(5)) / 1000}`,
      'tidemark_fleet_trouble 0',
      'tidemark_relationships{status="up"} 0',
      'tidemark_relationships{status="down"} 2',
    ]),
  );
  const never = await linesOf({ fleet: makeFleet(makeWiki(), { checkedAt: null }) });
  expect(never.filter((line) => line.includes('checked'))).toEqual([]);
});

describe('what rules ask of a relationship', () => {
  const sync = { kind: 'sync' as const, workflowId: 'x', startedAt: minute(3), reason: 'schedule' };
  const since = (n: number) => Date.parse(minute(n)) / 1000;

  test('its phase alone, and whether it is paused, reversed or failed over', async () => {
    expect(await linesOfWiki({ phase: 'Paused', paused: true, consecutiveFailures: 2 })).toEqual(
      expect.arrayContaining([
        'tidemark_relationship_phase{relationship="wiki",phase="Paused"} 1',
        'tidemark_relationship_paused{relationship="wiki"} 1',
        'tidemark_relationship_reversed{relationship="wiki"} 0',
        'tidemark_relationship_failed_over{relationship="wiki"} 0',
        'tidemark_relationship_consecutive_failures{relationship="wiki"} 2',
      ]),
    );
    const lines = await linesOfWiki({ takeover, direction: 'reversed' });
    expect(lines).toEqual(
      expect.arrayContaining([
        'tidemark_relationship_reversed{relationship="wiki"} 1',
        'tidemark_relationship_failed_over{relationship="wiki"} 1',
        `tidemark_relationship_failed_over_timestamp_seconds{relationship="wiki",primary="gamma"} ${since(1)}`,
      ]),
    );
    expect(lines.filter((line) => line.includes('_phase'))).toHaveLength(1);
  });

  test.each<[string, Partial<RelationshipStatus>, string, number | null]>([
    ['a guard', { phase: 'WaitingForApproval', approval: { reason: 'x', since: minute(2) } }, 'approval', 2],
    [
      'a second yes',
      { operation: { ...sync, waiting: { for: 'approve', text: '', since: minute(2) } } },
      'approval',
      2,
    ],
    [
      'a step',
      { operation: { ...sync, waiting: { for: 'resume', text: '', since: minute(2) } } },
      'resume',
      2,
    ],
    ['a push', { phase: 'AwaitingPush', operation: sync }, 'push', 3],
    ['a host', { phase: 'WaitingForHost' }, 'host', null],
  ])('what it waits for: %s', async (_what, more, what, at) => {
    const lines = (await linesOfWiki(more)).filter((line) => line.includes('_waiting'));
    expect(lines).toEqual([
      `tidemark_relationship_waiting{relationship="wiki",for="${what}"} 1`,
      ...(at === null
        ? []
        : [
            `tidemark_relationship_waiting_since_timestamp_seconds{relationship="wiki",for="${what}"} ${since(at)}`,
          ]),
    ]);
    expect((await linesOfWiki({})).filter((line) => line.includes('_waiting'))).toEqual([]);
  });

  test('its drills, and how often there is to be one', async () => {
    const lastDrill = {
      ...{ target: 'beta', pointId: 'p', startedAt: minute(1), endedAt: minute(2), workflowId: 'x' },
      ...{ result: 'succeeded' as const, rtoSeconds: 42 },
    };
    const lines = await linesOfWiki({ drillSchedule: '0 3 * * 0', lastDrill });
    expect(lines.filter((line) => line.includes('drill'))).toEqual([
      'tidemark_drill_interval_seconds{relationship="wiki"} 604800',
      `tidemark_last_drill_timestamp_seconds{relationship="wiki",target="beta",result="succeeded"} ${since(2)}`,
      'tidemark_last_drill_rto_seconds{relationship="wiki",target="beta"} 42',
    ]);
  });

  test('what is wrong with a target, and which points it has', async () => {
    const [beta, gamma] = makeWiki().targets as [TargetStatus, TargetStatus];
    const leftOut = [
      { reason: 'socket' as const, count: 2, examples: [] },
      { reason: 'mount' as const, count: 1, examples: [] },
    ];
    const targets = [
      { ...beta, result: 'failed' as const, givenUp: 'away', torn: true as const, leftOut },
      gamma,
    ];
    const lines = await linesOfWiki({ targets });
    const at = 'relationship="wiki",target="beta"';
    expect(lines).toEqual(
      expect.arrayContaining([
        `tidemark_target_last_sync_failed{${at}} 1`,
        `tidemark_target_base_given_up{${at}} 1`,
        `tidemark_target_torn{${at}} 1`,
        `tidemark_target_left_out_entries{${at}} 3`,
        `tidemark_recovery_points{${at}} 4`,
        `tidemark_oldest_recovery_point_timestamp_seconds{${at}} ${since(-30)}`,
        'tidemark_target_base_given_up{relationship="wiki",target="gamma"} 0',
        'tidemark_recovery_points{relationship="wiki",target="gamma"} 0',
      ]),
    );
  });

  test('how far the operation is that runs', async () => {
    const running = {
      progress: () =>
        Promise.resolve([{ relationship: 'wiki', kind: 'sync' as const, bytesDone: 7, bytesTotal: 9 }]),
    };
    const lines = await linesOfWiki({ operation: sync }, { running });
    expect(lines.filter((line) => line.includes('_operation_'))).toEqual([
      `tidemark_operation_start_timestamp_seconds{relationship="wiki",kind="sync"} ${since(3)}`,
      'tidemark_operation_done_bytes{relationship="wiki",kind="sync"} 7',
      'tidemark_operation_size_bytes{relationship="wiki",kind="sync"} 9',
    ]);
  });

  test('of its labels those that somebody has named, and no others', async () => {
    const document = makeWiki().document;
    const labels = { tier: 'gold', 'example.net/team': 'a', other: 'x' };
    const more = { document: { ...document, metadata: { ...document.metadata, labels } } };
    const told = async (labelNames: string[]) =>
      (await linesOfWiki(more, { labelNames })).filter((line) => line.includes('_labels'));
    expect(await told([])).toEqual([]);
    expect(await told(['tier', 'example.net/team', 'nobody'])).toEqual([
      'tidemark_relationship_labels{relationship="wiki",label_tier="gold",label_example_net_team="a",label_nobody=""} 1',
    ]);
  });
});
