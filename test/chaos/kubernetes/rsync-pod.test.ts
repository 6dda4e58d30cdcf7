/** From this machine into a pod: the source is here, and what it pushes to is a real landing at the pod's own address. */
import { mkdir } from 'node:fs/promises';
import { makeLocalHost } from '../../../src/hosts/local';
import type { PodRunner } from '../../../src/hosts/cluster/contract';
import { openPodLandings } from '../../../src/landings/pod';
import { rsyncMover } from '../../../src/movers/rsync';
import { Cluster } from '../../cluster/cluster';
import { loadKubeConfig, TestPod } from '../../support/hosts/pod-host';
import type { MakeHosts } from '../../support/rigs/mover-rig';
import { testMover } from '../../conformance/mover-suite';

/** Of the first sshd; some tests have two at once. */
const FIRST_PORT = 8022;

let cluster: Cluster;
let pod: TestPod;
const runners: PodRunner[] = [];

const shared = () => cluster.file('shared');

beforeAll(async () => {
  cluster = await Cluster.start();
  await mkdir(shared());
  pod = await TestPod.start(await loadKubeConfig(cluster), {
    container: {
      // Sets whatever a nasty tree has.
      securityContext: { privileged: true },
      volumeMounts: [{ name: 'shared', mountPath: shared() }],
    },
    spec: { volumes: [{ name: 'shared', hostPath: { path: shared(), type: 'Directory' } }] },
  });
});
afterAll(async () => {
  for (const runner of runners) runner.close();
  await cluster.down();
});

const makePodTarget: MakeHosts = async (homes) => {
  const source = makeLocalHost({ name: 'alpha', home: homes.source });
  const runner = pod.runner('beta', homes.target);
  const port = FIRST_PORT + runners.length;
  runners.push(runner);
  const service = await openPodLandings(runner, {
    advertisedAddress: pod.address,
    port,
    containerPort: port,
  });
  const target = { ...runner, home: homes.target };
  return { source, target, service, dispose: () => service.stop() };
};

testMover(rsyncMover, 'into a pod', {
  makeHosts: makePodTarget,
  writeModes: ['inPlace'],
  under: async () => shared(),
});
