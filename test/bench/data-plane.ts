/**
 * A whole `tidemark sync` (from the trigger to the catalog) beside the raw rsync that it runs, beside
 * `tar | ssh | tar`, and beside VolSync's command line, on the same data in the same run. The files
 * lie on a btrfs in memory, so that no disk is measured. Everything is written out before each of them,
 * or one would pay for what another had left in the kernel's caches.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestSystem } from '../support/system/system';
import { changeEightBytes, changeTenFiles, makeBigFile, makeSmallFiles } from './data';
import { median, timePipe } from './measure';
import type { PlainSsh } from './ssh';

/** What backube/volsync runs to carry a volume (mover-rsync, source.sh), with its own options. */
const VOLSYNC_OPTIONS = ['-aAhHSxz', '--delete', '--itemize-changes', '--info=stats2,misc2'];
/** What Tidemark's rsync mover runs, without Tidemark around it. */
const RAW_OPTIONS = ['-aHAXS', '--numeric-ids', '-x', '--delete-delay', '--inplace', '--no-whole-file'];

export interface Row {
  work: string;
  /** Seconds, medians. */
  tidemark: number;
  raw: number;
  volsync: number;
  /** Also with `sync -f` after it: Tidemark's recovery point is on the disk before it is said to be there. */
  tar?: number;
  tarSynced?: number;
}

export interface Bench {
  system: TestSystem;
  ssh: PlainSsh;
  /** A folder on the filesystem in memory. */
  memory: string;
  rounds: number;
  say: (text: string) => void;
}

/** Writes out what is left in caches; how long that took, in milliseconds. */
const settle = ({ memory }: Bench) => timePipe(['sync', '-f', memory]);

const rsh = (ssh: PlainSsh) => ssh.command().join(' ');

async function timeRsync(bench: Bench, options: string[], from: string, to: string): Promise<number> {
  const { ssh } = bench;
  await settle(bench);
  return await timePipe(['rsync', ...options, '-e', rsh(ssh), `${from}/`, `peer:${to}/`]);
}

async function timeTar(bench: Bench, from: string, to: string): Promise<{ tar: number; tarSynced: number }> {
  await settle(bench);
  const tar = await timePipe(
    ['tar', '-C', from, '-cf', '-', '.'],
    [...bench.ssh.command(), 'peer', 'tar', '-C', to, '-xf', '-'],
  );
  return { tar, tarSynced: tar + (await settle(bench)) };
}

async function fresh(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}

const spec = (name: string, from: string, to: string) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${from} }
  targets: [{ host: beta, directory: ${to} }]
  retain: { last: 1 }
`;

/** One `tidemark sync`, from typing it to the row in the catalog, as its user waits for it. */
async function timeSync(bench: Bench, name: string): Promise<number> {
  const { system } = bench;
  await settle(bench);
  const started = performance.now();
  const { exitCode, stderr } = await system.cli(['sync', name, '--wait']);
  if (exitCode !== 0) throw new Error(`sync ${name}: ${stderr}`);
  return performance.now() - started;
}

/** Cold: the first sync of a new relationship, which `apply --wait` starts and follows. */
async function timeFirstSync(bench: Bench, name: string, from: string, to: string): Promise<number> {
  await settle(bench);
  const started = performance.now();
  const { exitCode, stderr, stdout } = await bench.system.cli(['apply', '-f', '-', '--wait'], {
    stdin: spec(name, from, to),
  });
  if (exitCode !== 0) throw new Error(`apply ${name}: ${stderr}${stdout}`);
  return performance.now() - started;
}

/** Measures one tree cold, and then each change; every tool has a target of its own. */
async function measureTree(
  bench: Bench,
  label: string,
  source: string,
  changes: { work: string; change: () => Promise<void> }[],
): Promise<Row[]> {
  const { memory, rounds, say } = bench;
  const at = (tool: string) => join(memory, `${label}-${tool}`);
  const name = `bench-${label}`;
  const seconds = noTimes();
  for (let round = 0; round < rounds; round++) {
    say(`${label}: cold, round ${round + 1} of ${rounds}`);
    const { tar, tarSynced } = await timeTar(bench, source, await fresh(at('tar')));
    seconds.tar.push(tar);
    seconds.tarSynced.push(tarSynced);
    await rm(at('tar'), { recursive: true });
    seconds.raw.push(await timeRsync(bench, RAW_OPTIONS, source, await fresh(at('raw'))));
    if (round < rounds - 1) await rm(at('raw'), { recursive: true });
    seconds.volsync.push(await timeRsync(bench, VOLSYNC_OPTIONS, source, await fresh(at('volsync'))));
    if (round < rounds - 1) await rm(at('volsync'), { recursive: true });
    seconds.tidemark.push(await timeFirstSync(bench, `${name}-${round}`, source, at(`tidemark-${round}`)));
    if (round < rounds - 1) await removeRelationship(bench, `${name}-${round}`, at(`tidemark-${round}`));
  }
  const last = `${name}-${rounds - 1}`;
  const rows = [toRow(`${label}, cold`, seconds)];
  for (const { work, change } of changes) {
    const times = noTimes();
    for (let round = 0; round < rounds; round++) {
      say(`${label}: ${work}, round ${round + 1} of ${rounds}`);
      await change();
      times.raw.push(await timeRsync(bench, RAW_OPTIONS, source, at('raw')));
      times.volsync.push(await timeRsync(bench, VOLSYNC_OPTIONS, source, at('volsync')));
      times.tidemark.push(await timeSync(bench, last));
    }
    rows.push(toRow(`${label}, ${work}`, times));
  }
  await removeRelationship(bench, last, at(`tidemark-${rounds - 1}`));
  for (const tool of ['raw', 'volsync']) await rm(at(tool), { recursive: true, force: true });
  return rows;
}

async function removeRelationship({ system }: Bench, name: string, folder: string): Promise<void> {
  const { exitCode, stderr } = await system.cli(['delete', name, '--yes']);
  if (exitCode !== 0) throw new Error(`delete ${name}: ${stderr}`);
  await timePipe(['btrfs', 'subvolume', 'delete', '-R', folder]).catch(() =>
    rm(folder, { recursive: true, force: true }),
  );
}

type Times = Record<'tidemark' | 'raw' | 'volsync' | 'tar' | 'tarSynced', number[]>;

const noTimes = (): Times => ({ tidemark: [], raw: [], volsync: [], tar: [], tarSynced: [] });

function toRow(work: string, times: Times): Row {
  const seconds = (values: number[]) => median(values) / 1000;
  return {
    work,
    tidemark: seconds(times.tidemark),
    raw: seconds(times.raw),
    volsync: seconds(times.volsync),
    ...(times.tar.length > 0 && { tar: seconds(times.tar), tarSynced: seconds(times.tarSynced) }),
  };
}

/** Everything about the bytes. */
export async function measureDataPlane(bench: Bench): Promise<Row[]> {
  const small = join(bench.memory, 'small');
  const big = join(bench.memory, 'big');
  await makeSmallFiles(small);
  const rows = await measureTree(bench, '40000-files', small, [
    { work: 'unchanged', change: () => Promise.resolve() },
    { work: '10 changed', change: () => changeTenFiles(small) },
  ]);
  await rm(small, { recursive: true });
  await makeBigFile(big);
  rows.push(
    ...(await measureTree(bench, '1-gib-file', big, [
      { work: '8 bytes changed', change: () => changeEightBytes(big) },
    ])),
  );
  await rm(big, { recursive: true });
  return rows;
}
