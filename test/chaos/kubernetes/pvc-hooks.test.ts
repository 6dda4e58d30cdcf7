/** Hooks that are Jobs of the cluster: they see what they are meant to see, are told as they ended, and leave nothing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../../../src/model/records';
import { filesOfClaim } from '../../cluster/files';
import { MOVER_IMAGE } from '../../cluster/images';
import { type Agent, ClaimRig, NAMESPACE } from '../../support/rigs/claim-rig';

let rig: ClaimRig;
let agent: Agent;
let volume: Volume;
let count = 0;

beforeAll(async () => {
  rig = await ClaimRig.start();
});
afterAll(() => rig.dispose());
beforeEach(async () => {
  agent = await rig.makeAgent();
  volume = await rig.makeVolume();
  await writeFile(join(await filesOfClaim(rig.cluster, volume.path), 'page'), 'text');
});
afterEach(async () => {
  await agent.stop();
  expect(await rig.listLeft()).toEqual([]);
});

const matching = (text: string) => expect.stringContaining(text) as unknown;

/** A CronJob that runs a script where the claim is at `/data`; never by itself. Answers what hooks call it. */
async function makeTemplate(script: string, claim = volume.path.split('/')[1]): Promise<string> {
  const name = `hook-${++count}`;
  const container = {
    ...{ name: 'main', image: MOVER_IMAGE, imagePullPolicy: 'Never', command: ['sh', '-c', script] },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  await rig.cluster.apply({
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name, namespace: NAMESPACE } },
    spec: {
      ...{ suspend: true, schedule: '0 0 1 1 *' },
      jobTemplate: {
        spec: {
          template: {
            spec: {
              ...{ restartPolicy: 'Never', containers: [container], terminationGracePeriodSeconds: 0 },
              volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
            },
          },
        },
      },
    },
  });
  return `cronjob/${name}`;
}

const run = (job: string, { path = volume.path, timeoutMs = 60_000, signal }: Partial<Request> = {}) =>
  agent.driver.hookJobs?.run(agent.host, volume, {
    ...{ relationship: 'wiki', syncId: 'wiki-1', job, path, timeoutMs },
    env: { TIDEMARK_VOLUME: path },
    ...(signal && { signal }),
  });

interface Request {
  path: string;
  timeoutMs: number;
  signal: AbortSignal;
}

it('runs beside the claim, which it sees, and is told what it is about', async () => {
  const job = await makeTemplate(`grep text /data/page && [ "$TIDEMARK_VOLUME" = ${volume.path} ]`);
  await agent.driver.hookJobs?.check(agent.host, volume, job);
  await run(job);
});

it('sees the copy in place of the claim', async () => {
  const copy = await rig.makeVolume();
  await writeFile(join(await filesOfClaim(rig.cluster, copy.path), 'copied'), '');
  await run(await makeTemplate('test -e /data/copied && ! test -e /data/page'), { path: copy.path });
});

it('is refused where it would not see the copy', async () => {
  const copy = await rig.makeVolume();
  const job = await makeTemplate('true', copy.path.split('/')[1]);
  await expect(run(job, { path: `${NAMESPACE}/any` })).rejects.toMatchObject({
    type: 'HookFailed',
    message: matching('mounts no claim'),
  });
});

it('that fails is told in its own last words', async () => {
  const job = await makeTemplate('echo "table orders is gone"; exit 3');
  await expect(run(job)).rejects.toMatchObject({
    type: 'HookFailed',
    details: {
      toolMessage: 'container main: Error, exit code 3\ntable orders is gone',
      hint: matching('kubectl create job'),
    },
  });
});

it('that takes too long is ended', async () => {
  await expect(run(await makeTemplate('sleep 600'), { timeoutMs: 3_000 })).rejects.toMatchObject({
    type: 'NotReady',
    message: matching('its Job had not ended after'),
  });
});

it('that can not start is told with what it waits for', async () => {
  const job = await makeTemplate('true', 'no-such-claim');
  await expect(run(job, { timeoutMs: 5_000 })).rejects.toMatchObject({
    details: { toolMessage: matching('no-such-claim') },
  });
});

it('that is cancelled is ended', async () => {
  const cancelling = new AbortController();
  const running = run(await makeTemplate('sleep 600'), { signal: cancelling.signal });
  setTimeout(() => cancelling.abort(new Error('cancelled')), 3_000);
  await expect(running).rejects.toThrow('cancelled');
});

it('whose agent was killed is ended by the next attempt, and by the next agent', async () => {
  const page = join(await filesOfClaim(rig.cluster, volume.path), 'page');
  const job = await makeTemplate('[ "$(cat /data/page)" = go ] || sleep 600');
  const phases = [
    'get',
    'pods',
    '-n',
    NAMESPACE,
    '-l',
    'tidemark.dev/role=hook',
    '-o',
    'jsonpath={.items[*].status.phase}',
  ];
  const abandon = async () => {
    const lost = run(job, { timeoutMs: 600_000 });
    lost?.catch(() => undefined);
    while (!(await rig.cluster.kubectl(phases)).includes('Running'))
      await new Promise((done) => setTimeout(done, 100));
  };
  await abandon();
  await writeFile(page, 'go');
  await run(job);
  await writeFile(page, 'text');
  await abandon();
  const next = await rig.makeAgent();
  await next.start();
  await next.stop();
});

it('that is not there is refused at apply', async () => {
  await expect(agent.driver.hookJobs?.check(agent.host, volume, 'cronjob/none')).rejects.toMatchObject({
    type: 'HookFailed',
    message: matching('there is no cronjob/none in namespace'),
  });
});
