import type { AgentEntry } from '../catalog/contract';
import { makeStates, makeStatus } from '../../test/support/model/status';
import { hostsOfFleet, makeHostsSource, type HostsSourceOptions } from './hosts-seen';

const NOW = Date.parse('2026-11-21T08:00:00Z');

/** Temporal as far as it is asked here: who polled which queue how many seconds ago. */
function makeTemporal(queues: Record<string, [identity: string, secondsAgo: number][]>) {
  const asked: string[] = [];
  const workflowService = {
    describeTaskQueue: (request: { taskQueue?: { name?: string | null } | null }) => {
      const name = request.taskQueue?.name ?? '';
      asked.push(name);
      const pollers = queues[name]?.map(([identity, secondsAgo]) => ({
        identity,
        lastAccessTime: { seconds: NOW / 1000 - secondsAgo, nanos: 250_000_000 },
      }));
      return pollers ? Promise.resolve({ pollers }) : Promise.reject(new Error('14 UNAVAILABLE'));
    },
  } as unknown as HostsSourceOptions['workflowService'];
  return { asked, workflowService };
}

const NOT_TOLD = { named: true, labels: null, toldAt: null };

function makeSource(
  queues: Parameters<typeof makeTemporal>[0],
  names: string[],
  now = () => NOW,
  agents: AgentEntry[] = [],
) {
  const temporal = makeTemporal(queues);
  const { workflowService } = temporal;
  return {
    ...temporal,
    source: makeHostsSource({
      workflowService,
      namespace: 'default',
      hostNames: () => Promise.resolve(names),
      agents: () => Promise.resolve(agents),
      now,
    }),
  };
}

test('a host is seen while an agent polled within 75 s, and gone after that', async () => {
  const { source } = makeSource(
    { 'host/alpha': [['1@alpha', 60]], 'host/beta': [['2@beta', 90]], 'host/gamma': [] },
    ['gamma', 'beta', 'alpha'],
  );
  expect(await source.hosts()).toEqual([
    {
      name: 'alpha',
      seen: true,
      lastSeenAt: '2026-11-21T07:59:00.250Z',
      identities: ['1@alpha'],
      ...NOT_TOLD,
    },
    { name: 'beta', seen: false, lastSeenAt: '2026-11-21T07:58:30.250Z', identities: [], ...NOT_TOLD },
    { name: 'gamma', seen: false, identities: [], ...NOT_TOLD },
  ]);
});

test('a host whose agent has told its labels is known, named by anybody or not; one that was forgotten only where it is named', async () => {
  const { source } = makeSource({ 'host/alpha': [], 'host/edge': [] }, ['alpha'], undefined, [
    { host: 'alpha', labels: null, toldAt: '2026-11-20T00:00:00Z' },
    { host: 'edge', labels: { region: 'eu' }, toldAt: '2026-11-21T00:00:00Z' },
    { host: 'gone', labels: null, toldAt: '2026-11-21T00:00:00Z' },
  ]);
  expect(await source.hosts()).toMatchObject([
    { name: 'alpha', ...NOT_TOLD },
    { name: 'edge', named: false, labels: { region: 'eu' }, toldAt: '2026-11-21T00:00:00Z' },
  ]);
});

test('names each agent that is there once, without those that went', async () => {
  const pollers: [string, number][] = [
    ['2@b', 5],
    ['1@a', 1],
    ['2@b', 9],
    ['0@old', 200],
  ];
  const { source } = makeSource({ 'host/alpha': pollers }, ['alpha']);
  expect(await source.hosts()).toMatchObject([
    { identities: ['1@a', '2@b'], lastSeenAt: '2026-11-21T07:59:59.250Z' },
  ]);
});

test('asks once within 5 s, however many want to know', async () => {
  let now = NOW;
  const { source, asked } = makeSource({ 'host/alpha': [] }, ['alpha'], () => now);
  await Promise.all([source.hosts(), source.hosts()]);
  now += 4999;
  await source.hosts();
  expect(asked).toHaveLength(1);
  now += 1;
  await source.hosts();
  expect(asked).toHaveLength(2);
});

test('says that Temporal does not answer, and asks again the next time', async () => {
  const queues: Parameters<typeof makeTemporal>[0] = {};
  const { source } = makeSource(queues, ['alpha']);
  await expect(source.hosts()).rejects.toMatchObject({
    type: 'HostUnreachable',
    details: { toolMessage: '14 UNAVAILABLE' },
  });
  queues['host/alpha'] = [];
  expect(await source.hosts()).toHaveLength(1);
});

test('the hosts are those that live relationships name, each once', async () => {
  const targets = [
    { host: 'beta', directory: '/srv/a' },
    { host: 'beta', name: 'other', directory: '/srv/b' },
  ];
  const states = makeStates(
    makeStatus('one', { targets }),
    makeStatus('two', { source: { host: 'beta', directory: '/x' } }),
  );
  const fleet = { now: () => Promise.resolve({ states, checkedAt: null, trouble: null }) };
  expect(await hostsOfFleet(fleet)()).toEqual(['alpha', 'beta']);
});
