/**
 * The clocks of hosts jump by days, forward and backward, between syncs and in the middle of them.
 * Syncs still succeed, recovery points are in the order of their syncs, and retention removes none that
 * it should keep.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PointEntry } from '../../src/catalog/contract';
import { eventually, TestSystem } from '../support/system/system';
import { MIB, Watched } from './watched';

const exec = promisify(execFile);

let system: TestSystem;
let watched: Watched;
let folder: string;
let clocks: Record<'alpha' | 'beta', string>;

/** The environment in which programs see the clock that a file says, such as `+3d`. */
async function fakeClock(file: string): Promise<Record<string, string>> {
  const { stdout } = await exec('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']);
  await writeFile(file, '+0d');
  return {
    LD_PRELOAD: stdout.trim(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    // As when a clock is set: what measures durations goes on, and files keep their times.
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}

/** A PATH on which rsync sees that clock too where sshd starts it, which hands no environment on. */
async function fakeRsync(env: Record<string, string>): Promise<Record<string, string>> {
  const real = (await exec('which', ['rsync'])).stdout.trim();
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const path = join(folder, 'bin');
  await mkdir(path);
  await writeFile(join(path, 'rsync'), `#!/bin/sh\n${settings.join(' ')} exec ${real} "$@"\n`, {
    mode: 0o755,
  });
  return { ...env, PATH: `${path}:${process.env.PATH ?? ''}` };
}

const setClock = (host: 'alpha' | 'beta', offset: string) => writeFile(clocks[host], offset);

/** What an agent takes for the present time, as it logs it, in hours from now. */
async function hoursAhead(host: 'alpha' | 'beta'): Promise<number> {
  const times = (await system.log(`agent:${host}`)).flatMap(
    ({ time }) => Number(new Date(String(time))) || [],
  );
  const hours = Math.round(((times.at(-1) ?? NaN) - Date.now()) / 3_600_000);
  // No matter on which side of now the nearest hour is.
  return hours === 0 ? 0 : hours;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-clocks-'));
  clocks = { alpha: join(folder, 'alpha'), beta: join(folder, 'beta') };
  system = await TestSystem.start({
    agents: {
      alpha: { env: await fakeClock(clocks.alpha) },
      beta: { env: await fakeRsync(await fakeClock(clocks.beta)) },
    },
  });
  const source = join(system.folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'big'), randomBytes(10 * MIB));
  watched = new Watched(system, 'clocks', source, join(system.folder, 'copies', 'target'));
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: clocks }
spec:
  source: { host: alpha, directory: ${source} }
  targets: [{ host: beta, directory: ${watched.target}, copyMethod: HardLink }]
  mover: { rsync: { bandwidthLimit: 3MiB } }
  retain: { last: 17 }
`);
  await watched.expectCurrent(await watched.untilSucceeded(0));
}, 120_000);

afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
}, 60_000);

/** When the replica of the big file was written to. */
async function lastWrite(): Promise<number> {
  return (await stat(join(watched.target, 'big'))).ctimeMs;
}

async function change(bytes = 300_000): Promise<void> {
  const big = await readFile(join(watched.source, 'big'));
  randomBytes(bytes).copy(big, 0);
  await writeFile(join(watched.source, 'big'), big);
}

describe.each([
  ['the source', 'alpha'],
  ['the target', 'beta'],
] as const)('the clock of %s', (_side, host) => {
  test.each(['+3d', '-40d', '+50d', '-400d', '+0d'])(
    'jumps to %s: the next sync succeeds',
    async (offset) => {
      await setClock(host, offset);
      await change();
      await watched.expectCurrent(await watched.untilSucceeded(await watched.requestSync()));
      expect(await hoursAhead(host)).toEqual(24 * Number.parseInt(offset));
    },
    60_000,
  );

  test.each(['+3d', '-5d', '+0d'])(
    'jumps to %s in the middle of a sync: it succeeds',
    async (offset) => {
      await change(8 * MIB);
      const written = await lastWrite();
      const before = await watched.requestSync();
      await eventually('a part is written', async () => ((await lastWrite()) > written ? true : undefined));
      await setClock(host, offset);
      await watched.expectCurrent(await watched.untilSucceeded(before, 50_000));
    },
    60_000,
  );
});

test('points are in the order of their syncs, none is missing, and none failed on the way', async () => {
  const points = await system.points('clocks');
  const sequenceOf = ({ id }: PointEntry) => Number(id.split('-')[1]);
  const history = await watched.history();
  const succeeded = history.filter(({ result }) => result === 'succeeded');
  const sequences = points.map(sequenceOf);
  expect(sequences.toSorted((a, b) => a - b)).toEqual(succeeded.map(({ sequence }) => sequence).reverse());
  const times = succeeded.map(({ capturedAt }) => capturedAt ?? '').reverse();
  expect(times).toEqual(times.toSorted());
  expect(await watched.errorTypes()).toEqual([]);
});
