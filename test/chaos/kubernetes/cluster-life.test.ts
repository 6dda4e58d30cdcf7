/** A cluster of the tests comes back as it was after a power cut, and when it is over nothing of it is left. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '../../../src/client/up-state';
import { Cluster } from '../../cluster/cluster';
import { findVolumeLoops } from '../../cluster/left-overs';
import { listLoops } from '../../cluster/loops';
import { makeClaim, makePod, makeSnapshot } from '../../cluster/objects';
import { CLUSTERS, ROOT } from '../../cluster/paths';
import { run } from '../../cluster/run';
import { Wire } from '../../cluster/wire';

/** Pods with volumes of every kind in use. */
const inUse = () => [
  makeClaim('files'),
  makeClaim('sized', { storageClass: 'sized' }),
  makeClaim('device', { mode: 'Block' }),
  makePod('user', { files: ['files', 'sized'], devices: ['device'] }),
];
const ready = (cluster: Cluster, pod: string) => cluster.waitFor('condition=Ready', [`pod/${pod}`]);
const sh = (cluster: Cluster, pod: string, script: string) =>
  cluster.exec('default', pod, ['sh', '-c', script]);

/** Processes that come from one, by number and start time. */
function descendants(root: number): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Gone meanwhile.
    }
  }
  const comesFrom = (pid: number): boolean => pid === root || (pid > 1 && comesFrom(parents.get(pid) ?? 0));
  return [...parents.keys()].filter(comesFrom).map((pid) => `${pid} ${startTimeOf(pid)}`);
}

/** What a cluster has of this machine. */
interface Footprint {
  cluster: Cluster;
  processes: string[];
  loops: string[];
}

async function footprint(cluster: Cluster): Promise<Footprint> {
  const loops = await findVolumeLoops(cluster.record.token);
  const outer = JSON.parse(readFileSync(cluster.file('node-1/outer.json'), 'utf8')) as { pid: number };
  return {
    cluster,
    processes: descendants(outer.pid),
    loops: loops.map(({ device, file }) => `${device} ${file}`),
  };
}

/** What is left of it. */
async function findLeft({ cluster, processes, loops }: Footprint): Promise<string[]> {
  const { index } = cluster.record;
  const devices = (await listLoops()).map(({ device, file }) => `${device} ${file}`);
  const cgroups = execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `tidemark-${index}-*`]);
  const network = execFileSync('sh', ['-c', 'ip address; ip route'], { encoding: 'utf8' });
  const { link, nodes, pods } = cluster.network;
  return [
    ...processes.filter((each) => `${startTimeOf(Number(each.split(' ')[0]))}` === each.split(' ')[1]),
    ...loops.filter((each) => devices.includes(each)),
    ...devices.filter((each) => each.includes(cluster.file())),
    ...cgroups.toString().split('\n').filter(Boolean),
    ...[link, nodes, pods].filter((each) => network.includes(each.replace('0/24', ''))),
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(cluster.file())),
    ...readdirSync(CLUSTERS).filter((name) => name === String(index) || name.includes(cluster.record.token)),
  ];
}

describe('two clusters', () => {
  let one: Cluster;
  let other: Cluster;
  beforeAll(async () => {
    [one, other] = await Promise.all([Cluster.start(), Cluster.start()]);
  });
  afterAll(() => Promise.all([one, other].map((cluster) => cluster?.down())));

  it('are told apart', async () => {
    expect((await Cluster.list()).map(({ name }) => name)).toEqual(
      expect.arrayContaining([one.name, other.name]),
    );
    await expect(Cluster.start({ name: one.name })).rejects.toThrow('already');
  });

  it('are there for people, who do not get them where they name none', async () => {
    const program = [
      '--require',
      join(ROOT, 'test/support/run-typescript.cjs'),
      join(ROOT, 'test/cluster/main.ts'),
    ];
    const cli = (...args: string[]) => run([process.execPath, ...program, ...args]);
    expect(await cli('kubeconfig', one.name)).toBe(`${one.kubeconfig}\n`);
    expect(await cli('in', one.name, '--', 'kubectl', 'get', 'nodes', '-o', 'name')).toBe('node/node-1\n');
    await expect(cli('in', one.name, '--', 'false')).rejects.toThrow();
    expect(await cli('list')).toContain(`${one.kubeconfig}  ${ROOT}, a test: process ${process.pid}`);
    expect(await cli('kubeconfig').catch(({ message }: Error) => message)).not.toContain(one.kubeconfig);
  });

  it('reach each other over a wire, until it is cut, and again once it is mended', async () => {
    const wire = await Wire.lay(one, other);
    await other.apply(
      makePod('server', { command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'] }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'server' },
        spec: { type: 'NodePort', selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    );
    await one.apply(makePod('client'));
    await Promise.all([ready(one, 'client'), ready(other, 'server')]);
    const field = (kind: string, path: string) =>
      other.kubectl(['get', kind, 'server', '-o', `jsonpath={${path}}`]);
    const pod = `http://${await field('pod', '.status.podIP')}:8080/passwd`;
    const nodePort = `http://${other.network.node(1)}:${await field('service', '.spec.ports[0].nodePort')}/passwd`;
    const get = (url: string) =>
      sh(one, 'client', `curl --silent --show-error --max-time 3 --retry 3 ${url}`);
    expect(await get(pod)).toContain('root:');
    expect(await get(nodePort)).toContain('root:');
    await wire.cut();
    await expect(sh(one, 'client', `curl --silent --show-error --max-time 1 ${pod}`)).rejects.toThrow(
      'timed out',
    );
    await expect(sh(one, 'client', `curl --silent --show-error --max-time 1 ${nodePort}`)).rejects.toThrow(
      'timed out',
    );
    await wire.mend();
    expect(await get(pod)).toContain('root:');
    expect(await get(nodePort)).toContain('root:');
  });

  it('are each as they were after a power cut of one', async () => {
    await one.apply(...inUse(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } });
    await ready(one, 'user');
    await one.apply(makeSnapshot('kept', 'files'));
    await one.waitFor('jsonpath={.status.readyToUse}=true', ['volumesnapshot/kept']);
    await sh(
      one,
      'user',
      'for f in /files/f /sized/f /dev/device; do echo kept | dd of=$f conv=notrunc; done',
    );
    await one.cutPower();
    expect(one.isOn).toBe(false);
    await expect(one.kubectl(['get', 'configmap'])).rejects.toThrow('no route to host');
    expect(await other.kubectl(['get', 'nodes'])).toContain('Ready');
    await one.powerOn();
    const kept = await one.kubectl(['get', 'configmap/kept', 'volumesnapshot/kept', '-o', 'name']);
    expect(kept.trim().split('\n')).toHaveLength(2);
    // What it was before is said of it for a while.
    await one.waitFor('jsonpath={.status.containerStatuses[0].restartCount}=1', ['pod/user']);
    await ready(one, 'user');
    expect(await sh(one, 'user', 'for f in /files/f /sized/f /dev/device; do head -c 5 $f; done')).toBe(
      'kept\n'.repeat(3),
    );
  });

  it('go on when a part is killed and started again', async () => {
    for (const part of ['apiserver', 'csi', 'csi-snapshotter', 'containerd', 'kubelet'] as const) {
      await one.kill(part);
      await expect(one.kill(part)).rejects.toThrow(`${part} does not run`);
      await one.restart(part);
    }
    await one.apply(makeSnapshot('after', 'device'), makePod('after', { files: ['files'] }));
    await one.waitFor('jsonpath={.status.readyToUse}=true', ['volumesnapshot/after']);
    await ready(one, 'after');
    expect(await sh(one, 'user', 'cat /files/f')).toBe('kept\n');
  });

  it('leave nothing', async () => {
    const before = await footprint(one);
    expect(before.processes.length).toBeGreaterThan(10);
    expect(before.loops).toHaveLength(3);
    expect(await findLeft(before)).not.toEqual([]);
    await one.down();
    expect(await findLeft(before)).toEqual([]);
    expect(await other.kubectl(['get', 'nodes'])).toContain('Ready');
  });
});

describe('a cluster of a test that was killed', () => {
  it('ends with it, and the next test removes what it left', async () => {
    const program = `require('./test/cluster/cluster').Cluster.start({ name: process.argv[1] }).then(() => console.log('up'));
      setInterval(() => undefined, 1000);`;
    const typescript = join(ROOT, 'test/support/run-typescript.cjs');
    const name = `killed-${process.pid}`;
    const test = spawn(process.execPath, ['--require', typescript, '--eval', program, name], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => test.stdout.once('data', resolve));
    const cluster = (await Cluster.list()).find((each) => each.name === name) as Cluster;
    await cluster.apply(...inUse());
    await ready(cluster, 'user');
    const before = await footprint(cluster);
    test.kill('SIGKILL');
    await new Promise((resolve) => test.once('exit', resolve));
    await Cluster.removeOrphans();
    expect(existsSync(cluster.file())).toBe(false);
    expect(await findLeft(before)).toEqual([]);
  });
});
