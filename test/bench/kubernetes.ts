/**
 * What a sync of a claim takes on the tests' cluster, captured by snapshot: from the trigger until bytes go, and in all;
 * beside the raw rsync of two pods that are up already, which freezes and keeps nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../cluster/cluster';
import { makeClaim, makePod } from '../cluster/objects';
import { bindAgent, clusterAgent, writeAgentKubeconfig } from '../support/cluster/agent';
import { TestSystem } from '../support/system/system';
import { applyAndSync, syncWell } from '../support/system/user';
import { formatTable, median } from './measure';

const FILES = 10_000;
const FOLDERS = 100;
const RSYNC_PORT = 8730;

export interface ClusterRow {
  work: string;
  /** From the trigger to the beginning of the transfer, and to the end of the sync; of the raw tool alone. In seconds. */
  toFirstByte: number;
  tidemark: number;
  raw: number;
}

/** Fills the claim that a pod has at `/data`. */
const FILL = `
for f in $(seq ${FOLDERS}); do
  mkdir -p /data/$f
  for n in $(seq ${FILES / FOLDERS}); do echo "file $f $n" > /data/$f/$n; done
done
sync`;

/** What a pod of its own serves to whoever reaches it: the bare tool, without ssh. */
const DAEMON = `
printf 'use chroot = no\\nuid = 0\\ngid = 0\\n[data]\\npath = /raw\\nread only = no\\n' > /tmp/rsyncd.conf
exec rsync --daemon --no-detach --port=${RSYNC_PORT} --config=/tmp/rsyncd.conf`;

async function timeRaw(cluster: Cluster): Promise<number> {
  const argv = ['get', 'pod', 'raw', '-o', 'jsonpath={.status.podIP}', '-n', 'spare'];
  const address = (await cluster.kubectl(argv)).trim();
  const options = ['-aHAXS', '--numeric-ids', '--delete', '--inplace'];
  const started = performance.now();
  await cluster.exec('shop', 'writer', [
    'rsync',
    ...options,
    '/data/',
    `rsync://${address}:${RSYNC_PORT}/data/`,
  ]);
  return (performance.now() - started) / 1000;
}

/** When the transfer of a sync began, after its workflow did. In seconds. */
async function readFirstByte(system: TestSystem, workflowId: string): Promise<number> {
  const client = await system.client();
  const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
  const timeOf = ({ seconds, nanos }: { seconds?: unknown; nanos?: number | null }) =>
    Number(seconds) + (nanos ?? 0) / 1e9;
  const scheduled = events?.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'transfer',
  );
  const started = events?.find(
    (event) =>
      String(event.activityTaskStartedEventAttributes?.scheduledEventId) === String(scheduled?.eventId),
  );
  return timeOf(started?.eventTime ?? {}) - timeOf(events?.[0]?.eventTime ?? {});
}

async function measureCase(
  { cluster, system, rounds }: { cluster: Cluster; system: TestSystem; rounds: number },
  work: string,
  change: () => Promise<unknown>,
): Promise<ClusterRow> {
  const [firsts, wholes, raws]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    await change();
    const { workflowId, startedAt, endedAt } = await syncWell(system, 'shop');
    firsts.push(await readFirstByte(system, workflowId));
    wholes.push((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
    raws.push(await timeRaw(cluster));
    // Pods are kept for some seconds: each round begins without any, as one does that a schedule starts.
    await new Promise((done) => setTimeout(done, 12_000));
  }
  return { work, toFirstByte: median(firsts), tidemark: median(wholes), raw: median(raws) };
}

export async function measureCluster(rounds: number, say: (text: string) => void): Promise<ClusterRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-cluster-'));
  const cluster = await Cluster.start();
  let system: TestSystem | undefined;
  try {
    await bindAgent(cluster, ['shop', 'spare']);
    const kubeconfig = await writeAgentKubeconfig(cluster, join(folder, 'agent.kubeconfig'));
    await writeFile(join(folder, 'template.yaml'), 'imagePullPolicy: Never\n');
    const agent = (namespace: string) =>
      clusterAgent(kubeconfig, join(folder, 'template.yaml'), '--namespaces', namespace);
    system = await TestSystem.start({ agents: { east: agent('shop'), west: agent('spare') } });
    say(`a claim of ${FILES} files`);
    await cluster.apply(
      makeClaim('data', { namespace: 'shop', size: '1Gi' }),
      makeClaim('raw', { namespace: 'spare', size: '1Gi' }),
      makePod('writer', { namespace: 'shop', files: ['data'] }),
      makePod('raw', { namespace: 'spare', files: ['raw'], command: ['sh', '-c', DAEMON] }),
    );
    await cluster.waitFor('condition=Ready', ['pod/writer'], 'shop');
    await cluster.waitFor('condition=Ready', ['pod/raw'], 'spare');
    await cluster.exec('shop', 'writer', ['sh', '-c', FILL]);
    await applyAndSync(system, 'shop', {
      source: { host: 'east', pvc: 'shop/data', copyMethod: 'Snapshot' },
      targets: [{ host: 'west', pvc: 'spare/data' }],
    });
    await timeRaw(cluster);
    const bench = { cluster, system, rounds };
    const write = () => cluster.exec('shop', 'writer', ['sh', '-c', 'date > /data/1/1']);
    return [
      await measureCase(bench, `${FILES} files, unchanged`, () => Promise.resolve()),
      await measureCase(bench, `${FILES} files, 1 changed`, write),
    ];
  } finally {
    await system?.stop();
    await cluster.down();
    await rm(folder, { recursive: true, force: true });
  }
}

export function clusterTable(rows: readonly ClusterRow[]): string {
  const s = (seconds: number) => `${seconds.toFixed(2)} s`;
  return formatTable(
    [
      'a claim, captured by snapshot',
      'trigger to first byte',
      'whole sync',
      'raw rsync of its pods',
      'over raw',
    ],
    rows.map(({ work, toFirstByte, tidemark, raw }) => [
      ...[work, s(toFirstByte), s(tidemark), s(raw), s(tidemark - raw)],
    ]),
  );
}
