import { BATCH, type CronJob, type Job, type Pod } from '../../hosts/cluster/objects';
import { judgeHookJob, makeHookJob } from './hook-job-spec';

type Volumes = NonNullable<Pod['spec']['volumes']>;

const cronJob = (jobSpec: object = {}, ...volumes: Volumes): CronJob => ({
  apiVersion: BATCH,
  kind: 'CronJob',
  metadata: { name: 'probe', namespace: 'shop' },
  spec: {
    jobTemplate: {
      metadata: { labels: { app: 'probe' } },
      spec: {
        ...jobSpec,
        template: {
          spec: {
            containers: [{ name: 'probe', env: [{ name: 'MODE', value: 'quick' }] }],
            volumes,
          },
        },
      },
    },
  },
});

const HOOK = {
  ...{ name: 'tidemark-hook', namespace: 'shop', labels: { ours: 'yes' } },
  ...{ claimName: 'data', path: 'shop/clone-of-data' },
  env: { TIDEMARK_VOLUME: 'shop/clone-of-data' },
  timeoutMs: 1_500,
};

const data = { name: 'd', persistentVolumeClaim: { claimName: 'data', readOnly: true } };
const other = { name: 'o', persistentVolumeClaim: { claimName: 'other' } };

test('the copy is mounted where the template names the claim, and nothing else is exchanged', () => {
  const { job, mounts } = makeHookJob(cronJob({}, data, other), HOOK);
  expect(mounts).toBe(1);
  expect(job.spec).toMatchObject({
    template: {
      spec: {
        volumes: [
          { name: 'd', persistentVolumeClaim: { claimName: 'clone-of-data', readOnly: true } },
          other,
        ],
      },
    },
  });
});

test('a template that mounts the claim nowhere is told', () => {
  expect(makeHookJob(cronJob({}, other), HOOK).mounts).toBe(0);
});

test('it is found by our labels, knows what it is about, and ends by itself some time after that of the hook', () => {
  const { job } = makeHookJob(cronJob({ activeDeadlineSeconds: 9_999 }, data), HOOK);
  expect(job.metadata.labels).toEqual({ app: 'probe', ours: 'yes' });
  expect(job.spec).toMatchObject({
    activeDeadlineSeconds: 62,
    backoffLimit: 0,
    template: {
      metadata: { labels: { ours: 'yes' } },
      spec: {
        containers: [{ env: [{ name: 'MODE' }, { name: 'TIDEMARK_VOLUME', value: 'shop/clone-of-data' }] }],
      },
    },
  });
});

test('how often it is tried is for its author to say', () => {
  expect(makeHookJob(cronJob({ backoffLimit: 3 }, data), HOOK).job.spec).toMatchObject({ backoffLimit: 3 });
});

const ended = (type: string, reason?: string): Job => ({
  ...{ apiVersion: BATCH, kind: 'Job', metadata: { name: 'j' }, spec: {} },
  status: { conditions: [{ type, status: 'True', ...(reason && { reason }) }] },
});

const pod = (exitCode: number, message: string): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {} },
  status: {
    phase: 'Failed',
    containerStatuses: [{ name: 'probe', state: { terminated: { reason: 'Error', exitCode, message } } }],
  },
});

test('one that failed is told in its own last words', () => {
  expect(judgeHookJob(ended('Failed', 'BackoffLimitExceeded'), [pod(3, 'table orders is gone\n')])).toEqual({
    failed: 'container probe: Error, exit code 3\ntable orders is gone',
  });
});

test('one that failed without a word is told as the cluster says it', () => {
  expect(judgeHookJob(ended('Failed', 'DeadlineExceeded'), [])).toEqual({ failed: 'DeadlineExceeded' });
});

test('only one that is complete has succeeded', () => {
  expect(judgeHookJob(ended('Complete'), [])).toEqual({ done: true });
  expect(judgeHookJob(ended('SuccessCriteriaMet'), [])).toEqual({ pending: [] });
  expect(judgeHookJob(undefined, [])).toEqual({ failed: 'somebody deleted it' });
});
