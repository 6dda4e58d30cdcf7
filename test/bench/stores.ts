/**
 * A sync into a store, from typing it to the row in the catalog, beside the raw command of the tool that it runs, on the same data in
 * the same run: `restic backup` into a folder, `rclone sync` into S3 on the loopback. Each has a store of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePorts } from '../support/hosts/ports';
import { addRcloneToPath, serveS3, writeConfig } from '../support/stores/rclone';
import { addResticToPath, restic, writeCredentials } from '../support/stores/restic';
import { waitFor } from '../support/wait-for';
import { TestSystem } from '../support/system/system';
import { changeTenFiles, makeBigFile, makeSmallFiles } from './data';
import { formatTable, median, timePipe } from './measure';

const PASSWORD = 'bench';

export interface StoreRow {
  work: string;
  /** Seconds, medians. */
  tidemark: number;
  raw: number;
}

/** A kind of store, and what is measured beside it. */
interface Tool {
  /** As tables call it. */
  store: string;
  command: string;
  /** A target of a spec, of this name in the folder of the bench. */
  target: (name: string) => string;
  prepareRaw: (name: string) => Promise<void>;
  /** The raw command: from a tree into a store of its own. */
  raw: (name: string, tree: string) => string[];
  /** What goes on after a sync has ended is no part of what comes after it. */
  untilQuiet: (name: string) => Promise<void>;
  /** Removes what both have made. */
  clean: (names: string[]) => Promise<void>;
}

interface Bench {
  system: TestSystem;
  tool: Tool;
  folder: string;
  rounds: number;
  say: (text: string) => void;
}

const spec = (name: string, from: string, target: string) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${from} }
  targets: [${target}]
  retain: { last: 1 }
`;

async function timeCli(system: TestSystem, argv: string[], stdin?: string): Promise<number> {
  await timePipe(['sync']);
  const started = performance.now();
  const { exitCode, stderr } = await system.cli(argv, stdin === undefined ? {} : { stdin });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

async function timeRaw(argv: string[]): Promise<number> {
  await timePipe(['sync']);
  return (await timePipe(argv)) / 1000;
}

/** One tree, cold, and then each change. */
async function measureTree(
  { system, tool, folder, rounds, say }: Bench,
  label: string,
  changes: { work: string; change: (tree: string) => Promise<void> }[],
): Promise<StoreRow[]> {
  const tree = join(folder, label);
  const seconds = new Map<string, { tidemark: number[]; raw: number[] }>();
  const add = (work: string, tidemark: number, raw: number) => {
    const known = seconds.get(work) ?? { tidemark: [], raw: [] };
    seconds.set(work, { tidemark: [...known.tidemark, tidemark], raw: [...known.raw, raw] });
  };
  for (let round = 0; round < rounds; round++) {
    say(`${label}: round ${round + 1} of ${rounds}`);
    const [own, raw] = [`${label}-tidemark`, `${label}-raw`];
    const name = `${label}-${round}`;
    await tool.prepareRaw(raw);
    const cold = await timeCli(system, ['apply', '-f', '-', '--wait'], spec(name, tree, tool.target(own)));
    add(`${label}, cold`, cold, await timeRaw(tool.raw(raw, tree)));
    for (const { work, change } of changes) {
      await change(tree);
      const changed = await timeCli(system, ['sync', name, '--wait']);
      await tool.untilQuiet(own);
      add(`${label}, ${work}`, changed, await timeRaw(tool.raw(raw, tree)));
    }
    await timeCli(system, ['delete', name, '--yes']);
    await tool.clean([own, raw]);
  }
  return [...seconds].map(([work, { tidemark, raw }]) => ({
    ...{ work, tidemark: median(tidemark), raw: median(raw) },
  }));
}

async function measureStore(
  tool: Tool,
  folder: string,
  { rounds, say }: Pick<Bench, 'rounds' | 'say'>,
): Promise<StoreRow[]> {
  const options = ['--credentials', join(folder, 'credentials')];
  const system = await TestSystem.start({ agents: { alpha: { options } } });
  try {
    const bench: Bench = { system, tool, folder, rounds, say };
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
  }
}

async function withTrees<T>(say: (text: string) => void, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-store-'));
  try {
    say('writing the trees');
    await makeSmallFiles(join(folder, '40000-files'));
    await makeBigFile(join(folder, '1-gib-file'));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function measureRepositories(rounds: number, say: (text: string) => void): Promise<string> {
  addResticToPath();
  process.env.RESTIC_PASSWORD = PASSWORD;
  return await withTrees(say, async (folder) => {
    await writeCredentials(join(folder, 'credentials'), 'bench', { RESTIC_PASSWORD: PASSWORD });
    const tool: Tool = {
      ...{ store: 'a repository of restic', command: 'raw restic backup' },
      target: (name) => `{ repository: ${join(folder, name)}, credentials: bench }`,
      prepareRaw: async (name) => void (await restic(join(folder, name), PASSWORD, 'init')),
      raw: (name, tree) => ['restic', '--repo', join(folder, name), 'backup', '--one-file-system', tree],
      untilQuiet: (name) =>
        waitFor(async () => {
          const snapshots = await restic(join(folder, name), PASSWORD, '--no-lock', 'snapshots', '--json');
          return (JSON.parse(snapshots) as unknown[]).length === 1;
        }, 'retention'),
      async clean(names) {
        for (const name of names) await rm(join(folder, name), { recursive: true });
      },
    };
    return storeTable(tool, await measureStore(tool, folder, { rounds, say }));
  });
}

export async function measureBuckets(rounds: number, say: (text: string) => void): Promise<string> {
  addRcloneToPath();
  return await withTrees(say, async (folder) => {
    const served = await serveS3(join(folder, 'served'), (await reservePorts(1))[0] ?? 0);
    await writeConfig(join(folder, 'credentials'), 'bench', served.config);
    const config = join(folder, 'credentials', 'bench');
    const tool: Tool = {
      ...{ store: 'a bucket of S3', command: 'raw rclone sync' },
      target: (name) => `{ bucket: "store:bench/${name}", credentials: bench }`,
      prepareRaw: () => Promise.resolve(),
      raw: (name, tree) => ['rclone', `--config=${config}`, 'sync', '--links', tree, `store:bench/${name}`],
      untilQuiet: () => Promise.resolve(),
      async clean(names) {
        for (const name of names) await rm(join(folder, 'served', 'bench', name), { recursive: true });
      },
    };
    try {
      return storeTable(tool, await measureStore(tool, folder, { rounds, say }));
    } finally {
      await served.stop();
    }
  });
}

function storeTable({ store, command }: Tool, rows: readonly StoreRow[]): string {
  const s = (seconds: number) => `${seconds.toFixed(2)} s`;
  return formatTable(
    [store, 'tidemark', command, 'over raw', 'ratio'],
    rows.map(({ work, tidemark, raw }) => [
      ...[work, s(tidemark), s(raw), s(tidemark - raw), (tidemark / raw).toFixed(2)],
    ]),
  );
}
