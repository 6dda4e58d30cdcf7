/** What only a pod has to promise: streams that hold back, what is said of a loss, and who may run what. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { PodRunner } from '../../../src/hosts/cluster/contract';
import { makePodRunner } from '../../../src/hosts/pod';
import { makePodCarrier, type PodCarrier } from '../../../src/hosts/pod/carrier';
import { loadKubernetes } from '../../../src/hosts/pod/client';
import { TidemarkError } from '../../../src/model/errors';
import { Cluster } from '../../cluster/cluster';
import { loadKubeConfig, TestPod } from '../../support/hosts/pod-host';
import { type RefusingProxy, startRefusingProxy } from '../../support/hosts/refusing-proxy';
import { waitFor } from '../../support/wait-for';

const MB = 1_000_000;
/** What sockets, streams and the runtime may hold of 100 MB on their way. */
const HELD_BYTES = 30 * MB;

const ALL_BUT_DATE = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];

let cluster: Cluster;
let kubeConfig: KubeConfig;
let pod: TestPod;
let runner: PodRunner;
const carriers: PodCarrier[] = [];

beforeAll(async () => {
  cluster = await Cluster.start();
  kubeConfig = await loadKubeConfig(cluster);
  pod = await TestPod.start(kubeConfig);
  runner = pod.runner('east');
});
afterAll(async () => {
  runner.close();
  for (const carrier of carriers) carrier.close();
  await cluster.down();
});

const refusal = async (attempt: Promise<unknown>): Promise<TidemarkError> => {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TidemarkError) return error;
  throw new Error('it was not refused', { cause: error });
};

function carrierOf(of: TestPod): PodCarrier {
  const carrier = makePodCarrier(kubeConfig, { host: 'east', ...of.place });
  carriers.push(carrier);
  return carrier;
}

/** Runs as an attempt until it is ended. */
function runForEver(on: PodRunner, attempt: string): Promise<TidemarkError> {
  return refusal(on.run(['sh', '-c', 'echo >"/tmp/$1"; exec sleep 1000', 'sh', attempt], { attempt }));
}
const isBegun = (on: PodRunner, attempt: string) =>
  waitFor(async () => (await on.files.stat(`/tmp/${attempt}`)) !== undefined, attempt);

describe('streams', () => {
  it('hold back a program while its reader is slow', async () => {
    const script = 'for i in $(seq 100); do head -c 1000000 /dev/zero; echo "$i" >/tmp/written; done; cat';
    const { channel, closed } = await carrierOf(pod).open(script);
    channel.stderr.resume();
    await sleep(2000);
    const written = Number(await runner.files.read('/tmp/written')) * MB;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(HELD_BYTES);
    let taken = 0;
    channel.on('data', (chunk: Buffer) => (taken += chunk.length));
    await waitFor(() => taken === 100 * MB);
    channel.end();
    await closed;
    expect(taken).toBe(100 * MB);
  });

  it('hold back a writer while its program is slow, and pass on the end of input', async () => {
    const { channel, closed } = await carrierOf(pod).open(
      'while [ ! -e /tmp/go ]; do sleep 0.05; done; wc -c; sleep 1',
    );
    channel.stderr.resume();
    let said = '';
    channel.on('data', (chunk: Buffer) => (said += chunk.toString()));
    let written = 0;
    let isWritten = false;
    const writing = (async () => {
      for (; written < 100 * MB; written += MB)
        if (!channel.write(Buffer.alloc(MB))) await new Promise((done) => channel.once('drain', done));
      channel.end();
      isWritten = true;
    })();
    await sleep(2000);
    expect(isWritten).toBe(false);
    expect(written).toBeLessThan(HELD_BYTES);
    await runner.run(['touch', '/tmp/go']);
    await writing;
    await closed;
    expect(said.trim()).toBe(String(100 * MB));
  });

  it('are those of many programs at once, each with all of its output', async () => {
    const runs = Array.from({ length: 40 }, (_, index) =>
      runner.run(['sh', '-c', 'echo "$1"; head -c 100000 /dev/zero >&2', 'sh', String(index)]),
    );
    const results = await Promise.all(runs);
    expect(results.map(({ stdout }) => stdout.toString())).toEqual(results.map((_, index) => `${index}\n`));
    expect(results.every(({ stderr }) => stderr.length === 100_000)).toBe(true);
  });
});

describe('a loss', () => {
  it('of the pod says so, and that of another use of it', async () => {
    const victim = await TestPod.start(kubeConfig);
    const there = victim.runner('east');
    const running = runForEver(there, 'lost-pod');
    await isBegun(there, 'lost-pod');
    await victim.remove();
    const error = await running;
    expect(error).toMatchObject({ type: 'HostUnreachable', details: { host: 'east' } });
    expect(error.message).toMatch(
      new RegExp(`^pod default/${victim.name} (is gone|is being deleted|has ended .*)$`),
    );
    await waitFor(async () => (await refusal(there.run(['true']))).message.endsWith('is gone'));
    there.close();
  });

  it('of a container says how it ended', async () => {
    const victim = await TestPod.start(kubeConfig, {
      container: { command: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.1; done; exit 3'] },
    });
    const there = victim.runner('east');
    const running = runForEver(there, 'ended');
    await isBegun(there, 'ended');
    await there.run(['touch', '/tmp/end']);
    expect((await running).message).toBe(`pod default/${victim.name} has ended (Error, exit code 3)`);
    there.close();
    await victim.remove();
  });
});

it('runs as another user, on a read-only root, with a folder to write to', async () => {
  const plain = await TestPod.start(kubeConfig, {
    container: {
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    },
    spec: {
      securityContext: { runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true, fsGroup: 1234 },
      volumes: [{ name: 'scratch', emptyDir: {} }],
    },
  });
  const there = plain.runner('east', '/scratch/own');
  expect((await there.run(['id', '-u'])).stdout.toString()).toBe('1234\n');
  await there.files.write('/scratch/own/state', 'kept');
  await there.files.write('/scratch/own/large', 'x'.repeat(5 * MB));
  expect(await there.files.read('/scratch/own/state')).toBe('kept');
  expect((await there.files.stat('/scratch/own/large'))?.type).toBe('regular file');
  const piped = await there.pipe([['echo', 'a'], ['cat'], ['tr', 'a', 'b']]);
  expect(piped.at(-1)?.stdout.toString()).toBe('b\n');
  const attempt = 'plain';
  const running = there.run(['sleep', '1000'], { attempt });
  await waitFor(async () => (await there.endAttempts(attempt)) === 1);
  expect((await running).exitCode).toBe(143);
  there.close();
  await plain.remove();
});

describe('who may not', () => {
  /** A kubeconfig of a service account. */
  async function asAccount(name: string, tokenFile?: string): Promise<KubeConfig> {
    const { CoreV1Api, KubeConfig } = await loadKubernetes();
    const core = kubeConfig.makeApiClient(CoreV1Api);
    await core.createNamespacedServiceAccount({ namespace: 'default', body: { metadata: { name } } });
    const { status } = await core.createNamespacedServiceAccountToken({
      namespace: 'default',
      name,
      body: { spec: { audiences: [] } },
    });
    const token = status?.token ?? '';
    if (tokenFile) await writeFile(tokenFile, token);
    const config = new KubeConfig();
    const server = kubeConfig.getCurrentCluster();
    if (!server) throw new Error('no cluster');
    const authProvider = { name: 'tokenFile', config: { tokenFile } };
    config.loadFromClusterAndUser(server, { name, ...(tokenFile ? { authProvider } : { token }) });
    return config;
  }
  async function allow(name: string): Promise<void> {
    const { RbacAuthorizationV1Api } = await loadKubernetes();
    const rbac = kubeConfig.makeApiClient(RbacAuthorizationV1Api);
    const namespace = 'default';
    await rbac.createNamespacedRole({
      namespace,
      body: {
        metadata: { name },
        rules: [
          { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
        ],
      },
    });
    await rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    });
  }

  it('learns which right is missing, and runs programs once it is granted', async () => {
    const there = pod.runner('east', '/tmp', await asAccount('agent'));
    const error = await refusal(there.run(['true']));
    expect(error).toMatchObject({
      type: 'AuthRejected',
      message: `this agent may not run programs in pod default/${pod.name}`,
    });
    expect(error.details.toolMessage).toContain('cannot get resource "pods/exec"');
    expect(error.details.hint).toContain('pods/exec in namespace default');
    await allow('agent');
    await waitFor(async () => (await there.run(['true']).catch(() => undefined)) !== undefined);
    there.close();
  });

  it('is let in with the token that replaces one, in the same file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-token-'));
    const tokenFile = join(folder, 'token');
    const there = pod.runner('east', '/tmp', await asAccount('rotated', tokenFile));
    await allow('rotated');
    const token = await readFile(tokenFile, 'utf8');
    await writeFile(tokenFile, 'not a token');
    expect(await refusal(there.run(['true']))).toMatchObject({
      type: 'AuthRejected',
      details: { toolMessage: 'Unauthorized' },
    });
    await writeFile(tokenFile, token);
    // The client reads it once a minute. Nothing but its clock is changed.
    jest.useFakeTimers({ now: Date.now() + 61_000, doNotFake: ALL_BUT_DATE });
    try {
      await waitFor(async () => (await there.run(['true']).catch(() => undefined)) !== undefined);
    } finally {
      jest.useRealTimers();
      there.close();
      await rm(folder, { recursive: true });
    }
  });

  it('does not talk to an API server whose certificate it does not know', async () => {
    const { KubeConfig } = await loadKubernetes();
    const server = kubeConfig.getCurrentCluster()?.server ?? '';
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'east', server, skipTLSVerify: false }, { name: 'agent' });
    const error = await refusal(pod.runner('east', '/tmp', config).run(['true']));
    expect(error).toMatchObject({ type: 'HostKeyMismatch' });
    expect(error.details.hint).toContain('certificate-authority');
  });

  it('is told that there is no such pod, no such container, and no shell', async () => {
    const { namespace, pod: name } = pod.place;
    const inPod = (place: object) =>
      makePodRunner({ name: 'east', kubeConfig, ...pod.place, scratch: '/tmp', ...place });
    expect(await refusal(inPod({ pod: 'nowhere' }).run(['true']))).toMatchObject({
      type: 'HostUnreachable',
      message: `pod ${namespace}/nowhere is gone`,
    });
    expect((await refusal(inPod({ container: 'none' }).run(['true']))).details.toolMessage).toBe(
      `container none is not valid for pod ${name}`,
    );
  });
});

describe('an API server that has too much to do', () => {
  let proxy: RefusingProxy;
  let there: PodRunner;
  beforeEach(async () => {
    proxy = await startRefusingProxy(kubeConfig);
    there = pod.runner('east', '/tmp', proxy.kubeConfig);
  });
  afterEach(async () => {
    there.close();
    await proxy.close();
  });

  it('is asked again', async () => {
    proxy.refuse.push(429, 503, 500);
    expect((await there.run(['sh', '-c', 'echo done'])).stdout.toString()).toBe('done\n');
    expect(proxy.asked).toBe(4);
  });

  it('is given up after some tries, with its own answer', async () => {
    proxy.refuse.push(...Array.from({ length: 20 }, () => 503));
    const error = await refusal(there.run(['true']));
    expect(error).toMatchObject({ type: 'HostUnreachable', details: { host: 'east' } });
    expect(error.message).toBe(`pod default/${pod.name} can't be reached: its API server answers 503`);
    expect(proxy.asked).toBeLessThan(10);
  });

  it('loses no program over a connection that is cut while input is on its way', async () => {
    const running = refusal(there.run(['sleep', '1000'], { stdin: Buffer.alloc(100 * MB) }));
    await sleep(1000);
    await proxy.close();
    expect((await running).message).toBe(`the connection to pod default/${pod.name} was lost`);
  });

  it('is told from a connection on which nothing comes, and from a program that is slow to read', async () => {
    const slow = runner.run(['sh', '-c', 'sleep 25; wc -c'], { stdin: Buffer.alloc(20 * MB) });
    const silent = refusal(there.run(['sh', '-c', 'echo >/tmp/silent; sleep 1000']));
    await waitFor(async () => (await runner.files.stat('/tmp/silent')) !== undefined);
    // It answers once after the command was sent.
    await sleep(2000);
    proxy.silence();
    expect((await silent).message).toBe(`the connection to pod default/${pod.name} was lost`);
    expect((await slow).stdout.toString().trim()).toBe(String(20 * MB));
  });

  it('is told from one that is too old, which is not asked again', async () => {
    proxy.refuse.push(403);
    expect((await refusal(there.run(['true']))).details.hint).toContain('Kubernetes 1.30');
    expect(proxy.asked).toBe(1);
  });
});

// Last: those that wait for the API server (scheduler, kubelet) ask it less and less often.
it('ends no program where the API server is lost: it is found and ended once there is one again', async () => {
  const attempt = 'lost-api';
  const running = runForEver(runner, attempt);
  await isBegun(runner, attempt);
  await cluster.kill('apiserver');
  const error = await running;
  expect(error).toMatchObject({
    type: 'HostUnreachable',
    message: `the connection to pod default/${pod.name} was lost`,
    details: { host: 'east' },
  });
  expect((await refusal(runner.run(['true']))).message).toMatch(/its API server does not answer$/);
  const waiting = runner.run(['echo', 'back']);
  await cluster.restart('apiserver');
  // Begun before it was there again.
  expect((await waiting).stdout.toString()).toBe('back\n');
  expect(await runner.endAttempts(attempt)).toBe(1);
});
