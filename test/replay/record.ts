/**
 * `npm run record-histories`: lets a real system live through everything that workflows do, and stores
 * the histories for the present version. Needs root, for a filesystem of its own.
 */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TestFilesystem } from '../support/storage/filesystems';
import { TestSystem } from '../support/system/system';
import { liveThroughFailovers, liveThroughRelocations } from './record-switching';
import { RARELY, Recording } from './recording';
import { formatHistory, HISTORIES } from './stored-history';

/** Few enough events that a relationship goes on in another run while it is recorded. */
const EVENTS_PER_RUN = 150;

const ROOT = resolve(__dirname, '../..');

/** Created, synced, compared, restored, changed, paused, refused, approved, deleted; ticks and signals. */
async function liveWell(wiki: Recording, to: string): Promise<void> {
  await wiki.apply(['beta']);
  await wiki.idle();
  await wiki.write('one');
  await wiki.run('sync', '--wait');
  await wiki.run('verify');
  await wiki.run('verify', '--point', 'nowhere');
  await wiki.run('restore', '--point', 'latest', '--to', `alpha:${to}`, '--yes');
  await wiki.run('restore', '--point', 'latest', '--to', `alpha:${to}`, '--yes');
  await wiki.apply(['beta'], RARELY);
  await wiki.tick();
  await wiki.run('pause');
  await wiki.signal('sync');
  await wiki.signal('resume');
  await wiki.until('resumed', ({ paused }) => !paused);
  // Emptied, stopped by the guard, approved.
  await rm(join(wiki.source, 'file'));
  await wiki.run('sync', '--wait');
  await wiki.signal('approve', { by: 'ops' });
  await wiki.until('approved', ({ lastSync, operation }) => lastSync?.result === 'succeeded' && !operation);
  await wiki.run('delete', '--yes');
}

/** A source that is gone and comes back: failed syncs, and retries by a timer; a failed tick. */
async function liveBadly(photos: Recording): Promise<void> {
  await photos.apply(['beta'], RARELY);
  await photos.idle();
  await photos.write('a photo');
  await photos.tick();
  await rename(photos.source, `${photos.source}-away`);
  await photos.tick();
  await photos.until('tried again', ({ consecutiveFailures }) => consecutiveFailures >= 2);
  await rename(`${photos.source}-away`, photos.source);
  await photos.until('healed', ({ lastSync }) => lastSync?.result === 'succeeded');
  await photos.run('delete', '--yes');
}

/** A long transfer that ticks fall into, and that somebody cancels. */
async function liveSlowly(films: Recording): Promise<void> {
  const slow = { ...RARELY, mover: { rsync: { bandwidthLimit: '256KiB' } } };
  await films.apply(['beta'], slow);
  await films.idle();
  await films.write(randomBytes(16 * 1024 ** 2));
  await films.run('sync');
  const { operation } = await films.until('the sync runs', ({ operation }) => operation?.kind === 'sync');
  await films.tick();
  await films.cancel(operation?.workflowId ?? '');
  await films.until('cancelled', ({ lastSync }) => lastSync?.result === 'cancelled');
  await films.run('delete', '--yes');
}

/** A frozen source, several targets, and a host without an agent for one of them. */
async function liveFrozen(mail: Recording, system: TestSystem): Promise<void> {
  const source = { host: 'alpha', directory: mail.source, copyMethod: 'Clone' as const };
  // So slow that one target is still at work when the other is given up.
  const spec = { source, mover: { rsync: { bandwidthLimit: '256KiB' } } };
  await mail.apply(['beta'], spec);
  await mail.idle();
  await mail.write(randomBytes(10 * 1024 ** 2));
  await mail.apply(['beta', 'gamma'], spec);
  await mail.run('sync');
  await mail.until('gamma is waited for', ({ phase }) => phase === 'WaitingForHost');
  system.launch('agent:gamma');
  await mail.until(
    'gamma is back',
    ({ phase, lastSync }) => phase === 'Idle' && lastSync?.result === 'succeeded',
  );
  await mail.write('two');
  await mail.run('sync', '--wait');
  await mail.run('delete', '--yes');
}

/** Stores every workflow that has ended, by type, number and end. */
async function store(system: TestSystem, data: string, folder: string): Promise<void> {
  const client = await system.client();
  const replacements: [string, string][] = [
    [data, '/srv'],
    [system.folder, '/var/lib/tidemark'],
    [ROOT, '/opt/tidemark'],
  ];
  const runs: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list()) runs.push(run);
  const ended = runs.filter(({ status, type }) => status.name !== 'RUNNING' && !type.startsWith('temporal-'));
  const counts = new Map<string, number>();
  for (const { workflowId, runId, type, status } of ended.reverse()) {
    const name = /^(?:relationship\/)?([^/]+)/.exec(workflowId)?.[1] ?? '';
    const number = /\/(\d+)$/.exec(workflowId)?.[1];
    const count = (counts.get(`${type}-${name}`) ?? 0) + 1;
    counts.set(`${type}-${name}`, count);
    const file = [type, name, number ?? count, status.name.toLowerCase().replaceAll('_', '-')].join('-');
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    await writeFile(join(folder, `${file}.json`), formatHistory(history, replacements));
    console.log(file);
  }
}

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const filesystem = await TestFilesystem.make('btrfs');
  const limit = `limit.historyCount.suggestContinueAsNew=${EVENTS_PER_RUN}`;
  const system = await TestSystem.start({ temporalOptions: ['--dynamic-config-value', limit] });
  system.defineAgent('gamma');
  try {
    const data = filesystem.mountPoint;
    const recording = (name: string) => new Recording(system, data, name);
    await liveWell(recording('wiki'), join(data, 'restored'));
    await liveBadly(recording('photos'));
    await liveSlowly(recording('films'));
    await liveFrozen(recording('mail'), system);
    await liveThroughFailovers(recording('shop'));
    await liveThroughRelocations(recording('maps'));
    const folder = join(HISTORIES, version);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await store(system, data, folder);
  } finally {
    await system.stop();
    await filesystem.dispose();
  }
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
