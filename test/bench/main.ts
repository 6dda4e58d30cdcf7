/**
 * `npm run bench [-- --write] [--rounds N] [--relationships N] [--cost] [--kubernetes] [--repository] [--bucket] [--fleet]`: measures, prints ratios, and
 * writes docs/benchmarks.md on request; with `--cost`, only what one sync costs; with `--kubernetes`, only claims of a cluster; with
 * `--repository`, only repositories of restic; with `--bucket`, only buckets of S3; with `--fleet`, only how long it takes to see how ten
 * thousand relationships are.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TestSystem } from '../support/system/system';
import { measureControlPlane } from './control-plane';
import type { ControlFigures } from './control-plane';
import { measureDataPlane } from './data-plane';
import type { Row } from './data-plane';
import { costTable, measureCost } from './cost';
import { clusterTable, measureCluster } from './kubernetes';
import { measureFleet, type FleetFigures } from './fleet';
import { formatTable } from './measure';
import { PlainSsh } from './ssh';
import { measureImages } from './images';
import { measureBuckets, measureRepositories } from './stores';
import { measureStreams } from './streams';
import type { StreamRow } from './streams';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    relationships: { type: 'string', default: '200' },
    cost: { type: 'boolean', default: false },
    kubernetes: { type: 'boolean', default: false },
    repository: { type: 'boolean', default: false },
    bucket: { type: 'boolean', default: false },
    fleet: { type: 'boolean', default: false },
  },
});

/** A btrfs on a file in memory: fast, with snapshots and reflinks, and no disk to measure. */
async function mountMemory(): Promise<{ path: string; unmount: () => void }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const [ram, path] = [join(folder, 'ram'), join(folder, 'btrfs')];
  await mkdir(ram);
  await mkdir(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=14g', 'tmpfs', ram]);
  execFileSync('truncate', ['-s', '12G', join(ram, 'image')]);
  execFileSync('mkfs.btrfs', ['-q', join(ram, 'image')]);
  execFileSync('mount', ['-o', 'loop,noatime', join(ram, 'image'), path]);
  const unmount = () => {
    execFileSync('umount', ['-l', path]);
    execFileSync('umount', ['-l', ram]);
  };
  return { path, unmount };
}

const s = (seconds: number) => `${seconds.toFixed(2)} s`;
const ratio = (a: number, b: number) => (a / b).toFixed(2);

function dataTable(rows: Row[]): string {
  return formatTable(
    [
      'work',
      'tidemark',
      'raw rsync',
      'over raw',
      'tar over ssh',
      'ratio to tar',
      'ratio to tar, then sync -f',
      "VolSync's line",
      'times faster than it',
    ],
    rows.map(({ work, tidemark, raw, volsync, tar, tarSynced }) => [
      ...[work, s(tidemark), s(raw), s(tidemark - raw)],
      ...(tar === undefined || tarSynced === undefined
        ? ['', '', '']
        : [s(tar), ratio(tidemark, tar), ratio(tidemark, tarSynced)]),
      ...[s(volsync), ratio(volsync, tidemark)],
    ]),
  );
}

function streamTable(rows: StreamRow[]): string {
  return formatTable(
    ['work', 'tidemark', 'raw send, ssh, receive or load', 'over raw', 'syncoid', 'times faster than it'],
    rows.map(({ work, tidemark, raw, syncoid }) => [
      ...[work, s(tidemark), s(raw), s(tidemark - raw)],
      ...(syncoid === undefined ? ['', ''] : [s(syncoid), ratio(syncoid, tidemark)]),
    ]),
  );
}

function controlTable(figures: ControlFigures): string {
  const { eventsPerSync, residentMiB } = figures;
  return formatTable(
    ['control plane', 'measured'],
    [
      ['history events per sync, Direct', String(eventsPerSync.direct)],
      ['history events per sync, with a capture', String(eventsPerSync.snapshot)],
      ['trigger to first byte', `${figures.triggerToFirstByteMs.toFixed(0)} ms`],
      [`syncs per minute, ${figures.relationships} relationships`, figures.syncsPerMinute.toFixed(0)],
      ...Object.entries(residentMiB).map(([part, mib]) => [`memory of ${part}`, `${mib.toFixed(0)} MiB`]),
    ],
  );
}

function fleetTable({ relationships, record, firstAnswer, answer, page, get }: FleetFigures): string {
  return formatTable(
    [`${relationships} relationships`, 'measured'],
    [
      ['all their states recorded at once', s(record)],
      ['/v1/fleet, all of them, for the first time', s(firstAnswer)],
      ['/v1/fleet, all of them', s(answer)],
      ['/v1/fleet, the worst fifty', s(page)],
      ['tidemark get', s(get)],
    ],
  );
}

/** Of a system that does nothing else. */
async function printCost(): Promise<string> {
  const system = await TestSystem.start();
  try {
    const table = costTable(await measureCost(system, (text) => console.error(text)));
    console.log(`\n${table}\n`);
    return table;
  } finally {
    await system.stop();
  }
}

/** On a cluster that does nothing else. */
async function printCluster(): Promise<string> {
  const rows = await measureCluster(Number(values.rounds), (text) => console.error(text));
  const table = clusterTable(rows);
  console.log(`\n${table}\n`);
  return table;
}

async function main(): Promise<void> {
  if (values.kubernetes) {
    await printCluster();
    return;
  }
  if (values.fleet) {
    console.log(`\n${fleetTable(await measureFleet(10_000, Number(values.rounds)))}\n`);
    return;
  }
  if (values.repository || values.bucket) {
    const measure = values.bucket ? measureBuckets : measureRepositories;
    console.log(`\n${await measure(Number(values.rounds), (text) => console.error(text))}\n`);
    return;
  }
  const cost = await printCost();
  if (values.cost) return;
  const claims = await printCluster();
  const memory = await mountMemory();
  const system = await TestSystem.start();
  const ssh = await PlainSsh.start(join(system.folder, 'ssh'));
  try {
    const say = (text: string) => console.error(text);
    const bench = { system, ssh, memory: memory.path, rounds: Number(values.rounds), say };
    const streams = [...(await measureStreams(bench)), ...(await measureImages(bench))];
    console.log(`\n${streamTable(streams)}\n`);
    const rows = await measureDataPlane(bench);
    console.log(`\n${dataTable(rows)}\n`);
    say(`control plane, ${values.relationships} relationships`);
    const figures = await measureControlPlane(system, memory.path, Number(values.relationships));
    const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Linux ${release()}, Node ${process.version}; medians of ${values.rounds} rounds.`;
    const text = `${dataTable(rows)}\n\n${streamTable(streams)}\n\n${controlTable(figures)}\n\n${claims}\n\n${cost}\n`;
    console.log(`\n${machine}\n\n${controlTable(figures)}`);
    const wanted = `## What was wanted, and what is reached\n\n${wantedTable(rows, figures)}`;
    console.log(`\n${wanted}`);
    if (values.write) await writeReport(machine, `${text}\n${wanted}\n`);
  } finally {
    ssh.stop();
    await system.stop();
    memory.unmount();
    await rm(resolve(memory.path, '..'), { recursive: true, force: true });
  }
}

/** What was wanted of each figure, and what is reached; why, where it is not. */
function wantedTable(rows: Row[], figures: ControlFigures): string {
  const find = (work: string) => rows.find((row) => row.work === work);
  const over = rows.map(({ tidemark, raw }) => tidemark - raw);
  const [cold, delta] = [find('1-gib-file, cold'), find('1-gib-file, 8 bytes changed')];
  const { direct, snapshot } = figures.eventsPerSync;
  const span = `${s(Math.min(...over))} to ${s(Math.max(...over))}`;
  const cells: string[][] = [
    [
      'at most 1.0 s over the raw tool',
      span,
      'more where much was written: Tidemark waits until it is on the disk',
    ],
    [
      '1 GiB cold, at most 1.15 × `tar`',
      `${ratio(cold?.tidemark ?? NaN, cold?.tar ?? NaN)}, and ${ratio(cold?.tidemark ?? NaN, cold?.tarSynced ?? NaN)} once what tar wrote is on the disk too`,
      'the recovery point is on the disk before it is said to be there, which bare tar leaves to the kernel',
    ],
    [
      "8 bytes changed, 3 × faster than VolSync's line",
      `${ratio(delta?.volsync ?? NaN, delta?.tidemark ?? NaN)}; the raw tool alone ${ratio(delta?.volsync ?? NaN, delta?.raw ?? NaN)}`,
      'both ends of rsync read the whole GiB to find the eight bytes: that is the floor',
    ],
    [
      'at most 60 history events for a sync',
      `${direct} and ${snapshot}`,
      'its own workflow and the relationship’s together',
    ],
  ];
  return formatTable(['wanted', 'here', ''], cells);
}

async function writeReport(machine: string, text: string): Promise<void> {
  const path = resolve(__dirname, '../../docs/benchmarks.md');
  const head = [
    '# Benchmarks',
    '',
    'Written by `npm run bench -- --write`. Everything in a row was measured in the same run, on the same data,',
    'over SSH on loopback, on a btrfs in memory. `tidemark` is the whole command, from typing it to the row in',
    'the catalog, with the new recovery point on the disk; the others are the bare tools, which leave what they',
    'wrote in the caches of the kernel. What `sync -f` takes to write it out is told for `tar`.',
    '',
    machine,
    '',
  ];
  await writeFile(path, `${head.join('\n')}\n${text}`);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
