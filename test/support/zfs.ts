/** Real pools of ZFS on files, served by zfs-fuse. Needs root. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { waitFor } from './wait-for';

const host = makeLocalHost({ name: 'pools', home: tmpdir() });
const LOCK = join(tmpdir(), 'tidemark-zfs-fuse.lock');

/** Runs a program that must succeed; answers what it prints. */
export async function runTool(...argv: string[]): Promise<string> {
  return (await runChecked(host, argv)).stdout.toString();
}

/** Runs `zfs`, again while a dataset that was just unmounted is still busy. */
export async function zfs(...argv: string[]): Promise<string> {
  for (let round = 0; ; round++) {
    const { exitCode, stdout, stderr } = await host.run(['zfs', ...argv]);
    if (exitCode === 0) return stdout.toString();
    if (round > 30 || !/is busy/.test(stderr)) throw new Error(`zfs ${argv.join(' ')}: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const isUp = async () => (await host.run(['zpool', 'list'])).exitCode === 0;

/**
 * One daemon serves the machine: whoever comes first starts it, and it is left running. The lock keeps the
 * workers of a test run, which begin at once, from starting one each.
 */
async function ensureDaemon(): Promise<void> {
  if (await isUp()) return;
  const start = 'zpool list >/dev/null 2>&1 || setsid zfs-fuse </dev/null >/dev/null 2>&1';
  spawn('flock', ['--close', LOCK, 'sh', '-c', start], { detached: true, stdio: 'ignore' }).unref();
  await waitFor(isUp, 'zfs-fuse');
}

/** A pool of its own, mounted in a folder of its own. */
export class TestPool {
  private count = 0;

  private constructor(
    readonly name: string,
    private readonly folder: string,
  ) {}

  static async make({ size = '256M' }: { size?: string } = {}): Promise<TestPool> {
    await ensureDaemon();
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-zfs-'));
    const name = `t${basename(folder).slice('tidemark-zfs-'.length).toLowerCase()}${process.pid}`;
    const image = join(folder, 'image');
    await runTool('truncate', '-s', size, image);
    await runTool('zpool', 'create', '-m', join(folder, 'mnt'), name, image);
    return new TestPool(name, folder);
  }

  /** The file that the pool is on. */
  get image(): string {
    return join(this.folder, 'image');
  }

  /** A name of a dataset that is not there yet. */
  freshName(): string {
    return `${this.name}/volume-${this.count++}`;
  }

  async dispose(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const { exitCode } = await host.run(['zpool', 'destroy', '-f', this.name]);
      if (exitCode === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
