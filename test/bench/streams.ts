/**
 * Incremental syncs of storage that is sent by identity, beside the raw `send | ssh | receive` that they run,
 * and beside syncoid on the same pool. Everything lies in memory.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestPool } from '../support/storage/zfs';
import { median, timePipe } from './measure';
import type { Bench } from './data-plane';

const exec = promisify(execFile);
const BASE_BYTES = 256 * 1024 ** 2;
const CHANGED_BYTES = 32 * 1024 ** 2;

export interface StreamRow {
  work: string;
  /** Seconds, medians. */
  tidemark: number;
  raw: number;
  /** Left out where it is not installed, or does not carry this. */
  syncoid?: number;
}

/** One kind of storage: its source, and a target for each tool. */
interface Storage {
  label: string;
  /** Where the source's files are. */
  folder: string;
  /** The keys of the endpoints in the spec of Tidemark's relationship. */
  source: string;
  target: string;
  /** Freezes the source as `name`, for the raw tool. */
  freeze: (name: string) => Promise<void>;
  /** `send | ssh | receive` from the state before, or whole. */
  send: (from: string | undefined, to: string) => string[][];
  syncoid?: () => string[];
  settle: () => Promise<unknown>;
}

async function writeNoise(folder: string, bytes: number, offset = 0): Promise<void> {
  const file = await open(join(folder, 'data'), offset === 0 && bytes === BASE_BYTES ? 'w' : 'r+');
  for (let written = 0; written < bytes; written += 8 * 1024 ** 2)
    await file.write(randomBytes(8 * 1024 ** 2), 0, 8 * 1024 ** 2, offset + written);
  await file.sync();
  await file.close();
}

const spec = ({ label, source, target }: Storage) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: bench-${label} }
spec:
  source: { host: alpha, ${source} }
  targets: [{ host: beta, ${target} }]
  retain: { last: 2 }
`;

async function expectDone(run: Promise<{ exitCode: number; stderr: string; stdout: string }>): Promise<void> {
  const { exitCode, stderr, stdout } = await run;
  if (exitCode !== 0) throw new Error(`${stderr}${stdout}`);
}

/**
 * Its first run sends everything, its second nothing. Undefined where it can't do that with this ZFS: it is left
 * out then, and said so. (syncoid 2.1 can't list snapshots of zfs-fuse over SSH.)
 */
async function tryFirst({ say }: Bench, run: () => string[]): Promise<(() => string[]) | undefined> {
  try {
    await timePipe(run());
    await timePipe(run());
    return run;
  } catch (error) {
    say(`left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function measureStorage(bench: Bench, storage: Storage): Promise<StreamRow> {
  const { system, rounds, say } = bench;
  const { label, folder } = storage;
  await writeNoise(folder, BASE_BYTES);
  await storage.freeze('raw-0');
  await timePipe(...storage.send(undefined, 'raw-0'));
  const syncoid = storage.syncoid && (await tryFirst(bench, storage.syncoid));
  await expectDone(system.cli(['apply', '-f', '-', '--wait'], { stdin: spec(storage) }));
  const times = { tidemark: [] as number[], raw: [] as number[], syncoid: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    say(`${label}: 32 MiB of 256 MiB changed, round ${round} of ${rounds}`);
    await writeNoise(folder, CHANGED_BYTES, CHANGED_BYTES * (round % 4));
    await storage.settle();
    const started = performance.now();
    await storage.freeze(`raw-${round}`);
    await timePipe(...storage.send(`raw-${round - 1}`, `raw-${round}`));
    times.raw.push(performance.now() - started);
    await storage.settle();
    if (syncoid) times.syncoid.push(await timePipe(syncoid()));
    await storage.settle();
    const syncing = performance.now();
    await expectDone(system.cli(['sync', `bench-${label}`, '--wait']));
    times.tidemark.push(performance.now() - syncing);
  }
  await expectDone(system.cli(['delete', `bench-${label}`, '--yes']));
  const seconds = (values: number[]) => median(values) / 1000;
  return {
    work: `${label}, 32 MiB of 256 MiB changed`,
    tidemark: seconds(times.tidemark),
    raw: seconds(times.raw),
    ...(times.syncoid.length > 0 && { syncoid: seconds(times.syncoid) }),
  };
}

const isInstalled = (program: string) =>
  exec('which', [program]).then(
    () => true,
    () => false,
  );

async function measureZfs(bench: Bench): Promise<StreamRow> {
  const pool = await TestPool.make({ size: '4G', folder: join(bench.memory, '..', 'ram') });
  try {
    await pool.zfs('create', pool.dataset('source'));
    const ssh = [...bench.ssh.command(), 'peer'];
    const source = pool.dataset('source');
    return await measureStorage(bench, {
      label: 'zfs',
      folder: pool.folderOf('source'),
      source: `zfs: ${source}`,
      target: `zfs: ${pool.dataset('tidemark')}`,
      freeze: async (name) => void (await pool.zfs('snapshot', `${source}@${name}`)),
      send: (from, to) => [
        ['zfs', 'send', ...(from ? ['-i', `@${from}`] : []), `${source}@${to}`],
        [...ssh, 'zfs', 'receive', '-u', pool.dataset('raw')],
      ],
      ...((await isInstalled('syncoid')) && {
        syncoid: () => syncoid(bench, source, pool.dataset('syncoid')),
      }),
      settle: () => exec('sync'),
    });
  } finally {
    await pool.dispose();
  }
}

const syncoid = ({ ssh }: Bench, from: string, to: string) => [
  'syncoid',
  '--no-stream',
  '--compress=none',
  `--sshkey=${ssh.key}`,
  `--sshport=${ssh.port}`,
  '--sshoption=StrictHostKeyChecking=no',
  '--sshoption=UserKnownHostsFile=/dev/null',
  from,
  `root@127.0.0.1:${to}`,
];

async function measureBtrfs(bench: Bench): Promise<StreamRow> {
  const root = join(bench.memory, 'streams');
  await mkdir(join(root, 'raw'), { recursive: true });
  const folder = join(root, 'source');
  await exec('btrfs', ['subvolume', 'create', folder]);
  const ssh = [...bench.ssh.command(), 'peer'];
  const frozen = (name: string) => join(root, name);
  try {
    return await measureStorage(bench, {
      label: 'btrfs',
      folder,
      source: `btrfs: ${folder}`,
      target: `btrfs: ${join(root, 'tidemark')}`,
      freeze: async (name) =>
        void (await exec('btrfs', ['subvolume', 'snapshot', '-r', folder, frozen(name)])),
      send: (from, to) => [
        ['btrfs', 'send', '-q', ...(from ? ['-p', frozen(from)] : []), frozen(to)],
        [...ssh, 'btrfs', 'receive', join(root, 'raw')],
      ],
      settle: () => exec('sync', ['-f', bench.memory]),
    });
  } finally {
    await rm(root, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Each kind of storage that is sent by identity. */
export async function measureStreams(bench: Bench): Promise<StreamRow[]> {
  return [await measureZfs(bench), await measureBtrfs(bench)];
}
