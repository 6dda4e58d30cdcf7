/** Landings in pods, as root and as another user, and what is sent from pods. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Host, Runner } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import { makeAccount } from '../../../src/hosts/pod/account';
import type { PodRunner } from '../../../src/hosts/cluster/contract';
import type { Landing, LandingRequest } from '../../../src/landings/contract';
import { openPodLandings } from '../../../src/landings/pod';
import { LANDING_ALIAS, makeKey, prepareSsh } from '../../../src/landings/ssh-client';
import type { LandingService } from '../../../src/landings/sshd';
import type { Reach } from '../../../src/movers/reach';
import { rsyncMover } from '../../../src/movers/rsync';
import { Cluster } from '../../cluster/cluster';
import { MOVER_IMAGE } from '../../cluster/images';
import { startRefusingProxy } from '../../support/hosts/refusing-proxy';
import { loadKubeConfig, type PodOptions, TestPod } from '../../support/hosts/pod-host';
import { captureOf, directoryAt, inAnHour, moverSpec } from '../../support/rigs/mover-rig';
import { waitFor } from '../../support/wait-for';

const ID = { relationship: 'wiki', target: 'beta', syncId: 'wiki-000001' };
const PORT = 8022;
const SCRATCH = '/scratch/own';
const SOURCE = '/scratch/source';
const TARGET = '/scratch/target';

let cluster: Cluster;
let kubeConfig: KubeConfig;
let folder: string;
let alpha: Host;
let publicKey: string;
const runners: PodRunner[] = [];

beforeAll(async () => {
  cluster = await Cluster.start();
  kubeConfig = await loadKubeConfig(cluster);
});
afterAll(async () => {
  for (const runner of runners) runner.close();
  await cluster.down();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-landings-'));
  alpha = makeLocalHost({ name: 'alpha', home: join(folder, 'alpha') });
  publicKey = await makeKey(alpha, ID, 'east');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes nowhere but to its scratch folder. @param hasAccount a line in `/etc/passwd` */
function plain({ hasAccount }: { hasAccount: boolean }): PodOptions {
  const securityContext = {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  };
  const scratch = { name: 'scratch', mountPath: '/scratch' };
  const account = makeAccount({ image: MOVER_IMAGE, securityContext }, SCRATCH);
  return {
    container: {
      securityContext,
      volumeMounts: hasAccount ? [scratch, account.volumeMount] : [scratch],
    },
    spec: {
      securityContext: { runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true, fsGroup: 1234 },
      volumes: [{ name: 'scratch', emptyDir: {} }, ...(hasAccount ? [account.volume] : [])],
      ...(hasAccount && { initContainers: [account.initContainer] }),
    },
  };
}

async function start(options: PodOptions = {}, scratch = '/tmp/own') {
  const pod = await TestPod.start(kubeConfig, options);
  return { pod, runner: runnerOf(pod, scratch) };
}

function runnerOf(pod: TestPod, scratch = '/tmp/own'): PodRunner {
  const runner = pod.runner('east', scratch);
  runners.push(runner);
  return runner;
}

const openIn = (pod: TestPod, runner: Runner): Promise<LandingService> =>
  openPodLandings(runner, { advertisedAddress: pod.address, port: PORT, containerPort: PORT });

const request = (change: Partial<LandingRequest> = {}): LandingRequest => ({
  id: 'wiki/beta',
  publicKey,
  command: ['printf', '%s\\n', 'landed'],
  attempt: 'receive:x',
  expiresAt: inAnHour(),
  ...change,
});

/** Connects as a source does, from this machine or from where else its volume is. */
async function goThrough(landing: Landing, from: Runner = alpha) {
  const cwd = await prepareSsh(alpha, from, ID, landing);
  const argv = ['ssh', '-F', './ssh_config', LANDING_ALIAS, 'id'];
  const { stdout, stderr, exitCode } = await from.run(argv, { cwd });
  return { stdout: stdout.toString(), stderr, exitCode };
}

describe.each([
  { who: 'root', options: {}, scratch: '/tmp/own', user: 'root' },
  { who: 'another user', options: plain({ hasAccount: true }), scratch: SCRATCH, user: 'tidemark' },
])('in a pod of $who', ({ options, scratch, user }) => {
  let pod: TestPod;
  let runner: PodRunner;
  beforeAll(async () => {
    ({ pod, runner } = await start(options, scratch));
  });

  it('lets one key run one command, until it is closed or has expired', async () => {
    const service = await openIn(pod, runner);
    const { landings } = service;
    const landing = await landings.open(request());
    expect(landing).toMatchObject({ address: pod.address, port: PORT, user });
    expect(await goThrough(landing)).toEqual({ stdout: 'landed\n', stderr: '', exitCode: 0 });
    await landings.close('wiki/beta');
    expect((await goThrough(landing)).stderr).toMatch(/Permission denied/);
    await landings.open(request({ expiresAt: new Date(Date.now() - 2000).toISOString() }));
    expect((await goThrough(landing)).stderr).toMatch(/Permission denied/);
    expect(await landings.sweep(new Date())).toBe(1);
    await service.stop();
    expect((await goThrough(landing)).stderr).toMatch(/Connection refused/);
  });

  it('is ended and taken up by a second opening, where the first agent is cut off and nobody has noticed', async () => {
    const proxy = await startRefusingProxy(kubeConfig);
    const cutOff = pod.runner('east', scratch, proxy.kubeConfig);
    const first = await openIn(pod, cutOff);
    const landing = await first.landings.open(request());
    proxy.silence();
    const second = await openIn(pod, runner);
    expect((await goThrough(landing)).stdout).toBe('landed\n');
    await second.stop();
    expect((await goThrough(landing)).stderr).toMatch(/Connection refused/);
    cutOff.close();
    await proxy.close();
    await first.stop();
  });

  it('ends once its agent is lost, and what it carries goes on', async () => {
    const lost = runnerOf(pod, scratch);
    const service = await openIn(pod, lost);
    const begun = `${scratch}/begun`;
    const command = ['sh', '-c', 'touch "$1"; sleep 5; echo ended', 'sh', begun];
    const landing = await service.landings.open(request({ command }));
    const going = goThrough(landing);
    await waitFor(async () => (await runner.files.stat(begun)) !== undefined);
    lost.close();
    await waitFor(async () => (await goThrough(landing)).stderr.includes('Connection refused'));
    expect((await going).stdout).toBe('ended\n');
    await service.stop();
  });

  it('is sent to from another pod, with a key that nobody else there can read', async () => {
    const other = await start(options, scratch);
    const service = await openIn(pod, runner);
    const landing = await service.landings.open(request());
    expect(await goThrough(landing, other.runner)).toEqual({ stdout: 'landed\n', stderr: '', exitCode: 0 });
    const key = `${scratch}/transfers/wiki/beta/key`;
    expect((await other.runner.run(['stat', '-c', '%a', key])).stdout.toString()).toBe('600\n');
    await service.stop();
    await other.pod.remove();
  });
});

/** One transfer between two pods, neither of whose agents is where the data is. */
async function transfer(from: Runner, to: { runner: Runner; service: LandingService }) {
  const beta = makeLocalHost({ name: 'beta', home: join(folder, 'beta') });
  const mover = moverSpec();
  const reachOf = (runner: Runner, path: string): Reach => ({
    ...{ runner, path },
    close: () => Promise.resolve(),
  });
  const source = reachOf(from, SOURCE);
  const target = reachOf(to.runner, TARGET);
  const { landings } = to.service;
  const common = { id: ID, mover, writeMode: 'inPlace' as const };
  const offer = await rsyncMover.offer(alpha, { ...common, reach: source, targetHost: beta.name });
  const opened = await rsyncMover.receive(beta, landings, {
    ...common,
    ...{ reach: target, volume: directoryAt(TARGET), offer, expiresAt: inAnHour() },
    written: { files: [], hasNoNewNames: false },
  });
  try {
    return await rsyncMover.transfer(alpha, {
      ...common,
      ...{ reach: source, capture: captureOf(SOURCE), opened, told: offer.told },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  } finally {
    await rsyncMover.close(alpha, { runner: from, landings }, ID);
    await rsyncMover.close(beta, { runner: to.runner, landings }, ID);
  }
}

describe('the rsync mover between pods of another user', () => {
  it('brings a tree over, and leaves no landing', async () => {
    const from = await start(plain({ hasAccount: true }), SCRATCH);
    const to = await start(plain({ hasAccount: true }), SCRATCH);
    await from.runner.files.write(`${SOURCE}/wiki/page`, 'text of the page');
    await to.runner.files.write(`${TARGET}/old`, '');
    const service = await openIn(to.pod, to.runner);
    expect(await transfer(from.runner, { runner: to.runner, service })).toMatchObject({ filesDeleted: 1 });
    expect(await to.runner.files.read(`${TARGET}/wiki/page`)).toBe('text of the page');
    expect(await to.runner.files.list(TARGET)).toEqual(['wiki']);
    expect(await to.runner.files.list(`${SCRATCH}/landings`)).toEqual([]);
    await service.stop();
  });

  it('says that OpenSSH needs a line for the user, at either end', async () => {
    const { pod, runner } = await start(plain({ hasAccount: false }), SCRATCH);
    await expect(openIn(pod, runner)).rejects.toMatchObject({
      type: 'ToolMissing',
      message: 'there is no line for user 1234 in /etc/passwd',
      details: { host: 'east' },
    });
    await runner.files.mkdir(SOURCE);
    const to = await start();
    await to.runner.files.mkdir(TARGET);
    const service = await openIn(to.pod, to.runner);
    await expect(transfer(runner, { runner: to.runner, service })).rejects.toMatchObject({
      type: 'ToolMissing',
      message: 'OpenSSH does not know the user that programs run as',
      details: { toolMessage: expect.stringContaining('No user exists for uid 1234') as string },
    });
    await service.stop();
  });
});
