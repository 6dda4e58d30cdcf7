/**
 * A sync into a repository of restic, from typing it to the row in the catalog, beside the raw `restic backup` that it runs, on
 * the same data in the same run. Both repositories are folders; each tool has its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addResticToPath, restic, writeCredentials } from '../support/stores/restic';
import { waitFor } from '../support/wait-for';
import { TestSystem } from '../support/system/system';
import { changeTenFiles, makeBigFile, makeSmallFiles } from './data';
import { formatTable, median, timePipe } from './measure';

const PASSWORD = 'bench';

export interface RepositoryRow {
  work: string;
  /** Seconds, medians. */
  tidemark: number;
  raw: number;
}

interface Bench {
  system: TestSystem;
  folder: string;
  rounds: number;
  say: (text: string) => void;
}

const spec = (name: string, from: string, to: string) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${from} }
  targets: [{ repository: ${to}, credentials: bench }]
  retain: { last: 1 }
`;

async function timeCli(system: TestSystem, argv: string[], stdin?: string): Promise<number> {
  await timePipe(['sync']);
  const started = performance.now();
  const { exitCode, stderr } = await system.cli(argv, stdin === undefined ? {} : { stdin });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

async function timeRaw(repository: string, from: string): Promise<number> {
  await timePipe(['sync']);
  return (await timePipe(['restic', '--repo', repository, 'backup', '--one-file-system', from])) / 1000;
}

/** What goes on after a sync has ended is no part of what comes after it. */
async function waitUntilQuiet(repository: string): Promise<void> {
  const isDone = async () => {
    const snapshots = await restic(repository, PASSWORD, '--no-lock', 'snapshots', '--json');
    return (JSON.parse(snapshots) as unknown[]).length === 1;
  };
  await waitFor(isDone, 'retention');
}

/** One tree, cold, and then each change. */
async function measureTree(
  { system, folder, rounds, say }: Bench,
  label: string,
  changes: { work: string; change: (tree: string) => Promise<void> }[],
): Promise<RepositoryRow[]> {
  const tree = join(folder, label);
  const seconds = new Map<string, { tidemark: number[]; raw: number[] }>();
  const add = (work: string, tidemark: number, raw: number) => {
    const known = seconds.get(work) ?? { tidemark: [], raw: [] };
    seconds.set(work, { tidemark: [...known.tidemark, tidemark], raw: [...known.raw, raw] });
  };
  for (let round = 0; round < rounds; round++) {
    say(`${label}: round ${round + 1} of ${rounds}`);
    const [own, raw] = [join(folder, `${label}-tidemark`), join(folder, `${label}-raw`)];
    const name = `${label}-${round}`;
    await restic(raw, PASSWORD, 'init');
    const cold = await timeCli(system, ['apply', '-f', '-', '--wait'], spec(name, tree, own));
    add(`${label}, cold`, cold, await timeRaw(raw, tree));
    for (const { work, change } of changes) {
      await change(tree);
      const changed = await timeCli(system, ['sync', name, '--wait']);
      await waitUntilQuiet(own);
      add(`${label}, ${work}`, changed, await timeRaw(raw, tree));
    }
    await timeCli(system, ['delete', name, '--yes']);
    for (const path of [own, raw]) await rm(path, { recursive: true });
  }
  return [...seconds].map(([work, { tidemark, raw }]) => ({
    ...{ work, tidemark: median(tidemark), raw: median(raw) },
  }));
}

export async function measureRepositories(
  rounds: number,
  say: (text: string) => void,
): Promise<RepositoryRow[]> {
  addResticToPath();
  process.env.RESTIC_PASSWORD = PASSWORD;
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-repository-'));
  await writeCredentials(join(folder, 'credentials'), 'bench', { RESTIC_PASSWORD: PASSWORD });
  const options = ['--credentials', join(folder, 'credentials')];
  const system = await TestSystem.start({ agents: { alpha: { options } } });
  try {
    say('writing the trees');
    await makeSmallFiles(join(folder, '40000-files'));
    await makeBigFile(join(folder, '1-gib-file'));
    const bench = { system, folder, rounds, say };
    const nothing = () => Promise.resolve();
    return [
      ...(await measureTree(bench, '40000-files', [
        { work: 'unchanged', change: nothing },
        { work: '10 changed', change: changeTenFiles },
      ])),
      ...(await measureTree(bench, '1-gib-file', [{ work: 'unchanged', change: nothing }])),
    ];
  } finally {
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

export function repositoryTable(rows: readonly RepositoryRow[]): string {
  const s = (seconds: number) => `${seconds.toFixed(2)} s`;
  return formatTable(
    ['a repository of restic', 'tidemark', 'raw restic backup', 'over raw', 'ratio'],
    rows.map(({ work, tidemark, raw }) => [
      ...[work, s(tidemark), s(raw), s(tidemark - raw), (tidemark / raw).toFixed(2)],
    ]),
  );
}
