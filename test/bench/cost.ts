/**
 * What one ordinary sync of a directory costs, by process: the programs that it starts, how often it walks each tree,
 * and processor time. Counted, where it can be; processor time is the mean of many syncs in a row.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncUpdate } from '../../src/api/messages';
import { makeRelationshipId } from '../../src/model/names';
import { TestFilesystem } from '../support/storage/filesystems';
import { eventually } from '../support/system/system';
import type { TestSystem } from '../support/system/system';
import { countEvents } from './control-plane';
import { formatTable } from './measure';
import { traceWhile, type Traced } from './trace';

const SIDES = ['alpha', 'beta'] as const;
const FOLDERS = 20;
/** Syncs that are followed call by call, and syncs whose processor time is added up. */
const TRACED = 2;
const TIMED = 20;
/** Before anything is counted: points have become as many as are kept, and everything is compiled. */
const WARMING = 5;

interface Case {
  work: string;
  files: number;
  isChanged: boolean;
}

const CASES: readonly Case[] = [
  { work: '1 file, changed', files: 1, isChanged: true },
  { work: '2,000 files, 1 changed', files: 2000, isChanged: true },
  { work: '2,000 files, unchanged', files: 2000, isChanged: false },
];

/** Of one sync, on the average. */
export interface CostRow {
  work: string;
  programs: { source: number; target: number };
  /** Of the source, of the live replica, and of the trees of recovery points. */
  walks: { source: number; target: number; points: number };
  /** Milliseconds, by process. */
  cpu: Record<string, number>;
  events: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/** Processor time of a process, and of those of its children that have ended, in milliseconds. */
async function readCpu(pid: number): Promise<{ own: number; children: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  const ms = (ticks: number) => (ticks * 1000) / ticksPerSecond;
  return { own: ms(user + system), children: ms(childUser + childSystem) };
}

const sshdPid = async (system: TestSystem, host: string) =>
  Number(await readFile(join(system.agentHome(host), 'sshd', 'sshd.pid'), 'utf8'));

/** All that is measured, at this moment, in milliseconds. */
async function readAllCpu(system: TestSystem): Promise<Record<string, number>> {
  const cpu: Record<string, number> = {};
  for (const [side, host] of [
    ['source', 'alpha'],
    ['target', 'beta'],
  ] as const) {
    const [agent, sshd] = [
      await readCpu(system.pid(`agent:${host}`)),
      await readCpu(await sshdPid(system, host)),
    ];
    cpu[`${side} agent`] = agent.own;
    cpu[`${side} programs`] = agent.children + sshd.own + sshd.children;
  }
  cpu['Temporal'] = (await readCpu(system.pid('temporal'))).own;
  cpu['control'] = (await readCpu(system.pid('control'))).own;
  return cpu;
}

async function syncOnce(system: TestSystem, name: string): Promise<void> {
  const client = await system.client();
  const relationship = client.workflow.getHandle(makeRelationshipId(name));
  const answer = await relationship.executeUpdate(syncUpdate, { args: [{ wait: true }] });
  if (answer.result !== 'succeeded') throw new Error(`a sync failed: ${JSON.stringify(answer)}`);
}

const folderName = (index: number) => `folder-${index % FOLDERS}`;

async function makeTree(root: string, files: number): Promise<void> {
  for (let index = 0; index < Math.min(files, FOLDERS); index++)
    await mkdir(join(root, folderName(index)), { recursive: true });
  for (let index = 0; index < files; index++)
    await writeFile(join(root, folderName(index), `file-${index}`), `the content of file ${index}\n`);
}

/** Per sync; a folder that is in every tree counts them. */
const walksOf = ({ foldersRead }: Traced, isIt: (path: string) => boolean) =>
  foldersRead.filter((path) => path.endsWith(`/${folderName(0)}`) && isIt(path)).length / TRACED;

async function measureCase(
  system: TestSystem,
  mount: string,
  { work, files, isChanged }: Case,
  say: (text: string) => void,
): Promise<CostRow> {
  const name = `cost-${files}${isChanged ? '-changed' : ''}`;
  const [source, target] = [join(mount, `source-${name}`), join(mount, `target-${name}`)];
  await makeTree(source, files);
  const spec = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name },
    spec: { source: { host: 'alpha', directory: source }, targets: [{ host: 'beta', directory: target }] },
  };
  await system.apply(JSON.stringify(spec));
  await eventually(`${name} was synced`, async () => (await system.status(name)).lastSync);
  let changes = 0;
  const changeAndSync = async () => {
    if (isChanged) await writeFile(join(source, folderName(0), 'file-0'), `change ${changes++}\n`);
    await syncOnce(system, name);
  };
  const repeat = async (times: number) => {
    for (let count = 0; count < times; count++) await changeAndSync();
  };
  await repeat(WARMING);
  const traced = new Map<string, Traced>();
  for (const host of SIDES) {
    say(`cost of a sync: ${work}, what ${host} does`);
    const pids = [system.pid(`agent:${host}`), await sshdPid(system, host)];
    traced.set(
      host,
      await traceWhile(pids, join(system.folder, `trace-${name}-${host}`), () => repeat(TRACED)),
    );
  }
  const [atSource, atTarget] = SIDES.map((host) => traced.get(host)) as [Traced, Traced];
  for (const [index, { programs }] of [atSource, atTarget].entries())
    say(`  ${SIDES[index]}: ${listPrograms(programs)}`);
  say(`cost of a sync: ${work}, processor time`);
  const before = await readAllCpu(system);
  await repeat(TIMED);
  const after = await readAllCpu(system);
  const cpu = Object.fromEntries(
    Object.entries(after).map(([process, ms]) => [process, (ms - (before[process] ?? 0)) / TIMED]),
  );
  return {
    work,
    programs: { source: atSource.programs.length / TRACED, target: atTarget.programs.length / TRACED },
    walks: {
      source: walksOf(atSource, (path) => path.startsWith(`${source}/`)),
      target: walksOf(atTarget, (path) => path.startsWith(`${target}/`)),
      points: walksOf(atTarget, (path) => !path.startsWith(`${target}/`)),
    },
    cpu,
    events: await countEvents(system, name),
  };
}

/** By name, the most frequent first, with how often a sync starts each. */
function listPrograms(programs: readonly string[]): string {
  const byName = [...Map.groupBy(programs, (name) => name)].map(
    ([name, all]) => [name, all.length / TRACED] as const,
  );
  return byName
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${count} × ${name}`)
    .join(', ');
}

/** On ext4, as most directories are: no snapshots, points by hard links. */
export async function measureCost(system: TestSystem, say: (text: string) => void): Promise<CostRow[]> {
  const filesystem = await TestFilesystem.make('ext4');
  const rows: CostRow[] = [];
  try {
    for (const each of CASES) rows.push(await measureCase(system, filesystem.mountPoint, each, say));
    return rows;
  } finally {
    for (const { files, isChanged } of CASES)
      await system.cli(['delete', `cost-${files}${isChanged ? '-changed' : ''}`, '--yes']);
    await filesystem.dispose();
  }
}

/** One column for each case. */
export function costTable(rows: readonly CostRow[]): string {
  const count = (value: number) => String(Math.round(value * 100) / 100);
  const line = (what: string, tell: (row: CostRow) => string) => [what, ...rows.map(tell)];
  const processes = Object.keys(rows[0]?.cpu ?? {});
  const sum = ({ cpu }: CostRow) => Object.values(cpu).reduce((all, ms) => all + ms, 0);
  return formatTable(
    ['of one sync', ...rows.map(({ work }) => work)],
    [
      line('programs at the source', ({ programs }) => count(programs.source)),
      line('programs at the target', ({ programs }) => count(programs.target)),
      line('walks of the source', ({ walks }) => count(walks.source)),
      line('walks of the replica', ({ walks }) => count(walks.target)),
      line('walks of trees of points', ({ walks }) => count(walks.points)),
      ...processes.map((process) =>
        line(`processor time of ${process}`, ({ cpu }) => `${Math.round(cpu[process] ?? 0)} ms`),
      ),
      line('processor time in all', (row) => `${Math.round(sum(row))} ms`),
      line('history events', ({ events }) => count(events)),
    ],
  );
}
