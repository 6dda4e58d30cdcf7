import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '.';
import { readStat } from './proc';
import { waitUntil } from './terminate';

const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });
const attempt = `transfer:wiki:beta:${process.pid}`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-attempts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readPids(path: string, count: number): Promise<number[]> {
  let pids: number[] = [];
  await waitUntil(async () => {
    pids = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
    return pids.length >= count;
  }, 30_000);
  return pids;
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}

/** An agent of its own process, which starts `script` as the attempt and is then killed. */
async function loseAgent(script: string, pidFile: string, count: number): Promise<number[]> {
  const code = `
    const { spawn } = require('node:child_process');
    spawn('sh', ['-c', process.argv[1], 'sh', process.argv[2]], {
      detached: true, stdio: 'ignore', env: { ...process.env, TIDEMARK_ATTEMPT: process.argv[3] },
    });
    setInterval(() => undefined, 1000);`;
  const agent = spawn(process.execPath, ['-e', code, script, pidFile, attempt], { stdio: 'ignore' });
  const pids = await readPids(pidFile, count);
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  return pids;
}

it('finds and ends what a killed agent left, grandchildren in sessions of their own too', async () => {
  const script =
    'setsid sh -c \'echo $$ >>"$1"; exec sleep 1000\' sh "$1" & echo $$ >>"$1"; wait; sleep 1000';
  const pids = await loseAgent(script, join(folder, 'lost'), 2);
  expect(await host.endAttempts(attempt)).toBeGreaterThanOrEqual(2);
  expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
});

it('kills one that ignores TERM', async () => {
  const script = 'trap "" TERM; echo $$ >"$1"; while :; do sleep 0.2; done';
  const [pid = 0] = await loseAgent(script, join(folder, 'stubborn'), 1);
  await host.endAttempts(attempt);
  expect(await isRunning(pid)).toBe(false);
});

it('leaves other attempts alone, also one whose name begins alike', async () => {
  const pidFile = join(folder, 'other');
  const controller = new AbortController();
  const other = host.run(['sh', '-c', 'echo $$ >"$1"; exec sleep 1000', 'sh', pidFile], {
    attempt: `${attempt}-other`,
    signal: controller.signal,
  });
  const [pid = 0] = await readPids(pidFile, 1);
  expect(await host.endAttempts(attempt)).toBe(0);
  expect(await isRunning(pid)).toBe(true);
  controller.abort(new Error('done'));
  await expect(other).rejects.toThrow('done');
});

it('ends an attempt of this very agent, whose own promise settles then', async () => {
  const pidFile = join(folder, 'mine');
  const running = host.run(['sh', '-c', 'echo $$ >"$1"; exec sleep 1000', 'sh', pidFile], { attempt });
  await readPids(pidFile, 1);
  expect(await host.endAttempts(attempt)).toBe(1);
  expect((await running).exitCode).toBe(143);
});
