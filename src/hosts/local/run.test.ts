import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import { runChecked } from '../run-checked';
import { makeLocalHost } from '.';
import { readStat } from './proc';
import { waitUntil } from './terminate';

const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-run-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A program of this test; the shell is the misbehaving program, not a way to start one. */
const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}

async function pidsIn(path: string, count: number): Promise<number[]> {
  let pids: number[] = [];
  await waitUntil(async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    pids = text.split('\n').filter(Boolean).map(Number);
    return pids.length >= count;
  }, 30_000);
  return pids;
}

describe('run', () => {
  it('answers output and exit code of a program, failed or not', async () => {
    const result = await host.run(sh('echo out; echo err >&2; exit 3'));
    expect(result).toEqual({ stdout: Buffer.from('out\n'), stderr: 'err\n', exitCode: 3 });
  });

  it('passes arguments as they are', async () => {
    const odd = ['$(id)', 'a b', "it's", '*', '-n', 'new\nline'];
    const { stdout } = await host.run(['printf', '%s\\0', ...odd]);
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(odd);
  });

  it('answers 128 and the number of the signal that ended a program', async () => {
    expect((await host.run(sh('kill -9 $$'))).exitCode).toBe(137);
  });

  it('gives standard input, also to a program that closes it early', async () => {
    expect((await host.run(['cat'], { stdin: 'hello' })).stdout.toString()).toBe('hello');
    const early = await host.run(sh('exec <&-; echo done'), { stdin: Buffer.alloc(10_000_000) });
    expect(early.stdout.toString()).toBe('done\n');
  });

  it('waits for a program that closes its output long before it ends', async () => {
    const marker = join(folder, 'closed-early');
    await host.run(sh('exec >&- 2>&-; sleep 0.3; echo late >"$1"', marker));
    expect(await readFile(marker, 'utf8')).toBe('late\n');
  });

  it('keeps the newest output of a program that floods, and shows all of it on its way', async () => {
    let seen = 0;
    const result = await host.run(sh('yes 1234567 | head -c 40000000; echo the end'), {
      maxOutputBytes: 1000,
      onStdout: (chunk) => void (seen += chunk.length),
    });
    expect(result.stdout.length).toBe(1000);
    expect(result.stdout.toString()).toMatch(/the end\n$/);
    expect(seen).toBe(40_000_008);
  });

  it('speaks English, in UTF-8, and hides what concerns the agent alone', async () => {
    process.env.TIDEMARK_DATABASE_URL = 'postgres://secret';
    const { stdout } = await host.run(['env'], { env: { EXTRA: 'yes' } });
    delete process.env.TIDEMARK_DATABASE_URL;
    const lines = stdout.toString().split('\n');
    expect(lines).toEqual(expect.arrayContaining(['LC_ALL=C.UTF-8', 'EXTRA=yes']));
    expect(stdout.toString()).not.toContain('secret');
  });

  it('names the package that brings a missing program', async () => {
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      const failure = host.run(['getfattr', '-d']);
      await expect(failure).rejects.toMatchObject({
        type: 'ToolMissing',
        details: { host: 'alpha', hint: 'on alpha: sudo apt-get install attr' },
      });
    } finally {
      process.env.PATH = path;
    }
    await expect(host.run(['/no/such/program'])).rejects.toMatchObject({ type: 'ToolMissing' });
  });

  it('tells a missing folder from a missing program', async () => {
    await expect(host.run(['true'], { cwd: '/no/such/folder' })).rejects.toMatchObject({
      type: 'ToolFailed',
    });
  });

  it('says so when a program is not allowed to run, or has too many arguments', async () => {
    const file = join(folder, 'not-executable');
    await writeFile(file, '#!/bin/sh\n', { mode: 0o644 });
    await expect(host.run([file])).rejects.toMatchObject({ type: 'ToolFailed' });
    await expect(host.run(['true', 'x'.repeat(3_000_000)])).rejects.toThrow('E2BIG');
  });
});

describe('ending a program', () => {
  it('throws the very reason of the abort, with the whole group gone', async () => {
    const pids = join(folder, 'grandchildren');
    const controller = new AbortController();
    const running = host.run(sh('(sleep 1000 & echo $! >>"$1"; wait) & echo $$ >>"$1"; wait', pids), {
      signal: controller.signal,
    });
    const started = await pidsIn(pids, 2);
    const reason = new Error('cancelled by its owner');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await Promise.all(started.map(isRunning))).toEqual([false, false]);
  });

  it('kills a group that ignores TERM', async () => {
    const pids = join(folder, 'stubborn');
    const controller = new AbortController();
    const running = host.run(sh('trap "" TERM; echo $$ >"$1"; while :; do sleep 1; done', pids), {
      signal: controller.signal,
      killAfterMs: 100,
    });
    const [pid = 0] = await pidsIn(pids, 1);
    controller.abort(new Error('stop'));
    await expect(running).rejects.toThrow('stop');
    expect(await isRunning(pid)).toBe(false);
  });

  it('throws the first reason where there are two', async () => {
    const controller = new AbortController();
    const running = host.run(sh('trap "" TERM; while :; do sleep 0.1; done'), {
      signal: controller.signal,
      timeoutMs: 100,
      killAfterMs: 300,
    });
    setTimeout(() => controller.abort(new Error('later')), 200);
    await expect(running).rejects.toMatchObject({
      type: 'ToolFailed',
      message: expect.stringContaining('100ms') as unknown,
    });
  });

  it('starts nothing where the abort came before', async () => {
    const marker = join(folder, 'never');
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(host.run(['touch', marker], { signal })).rejects.toThrow('too late');
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it('leaves no listener behind', async () => {
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const added = jest.spyOn(controller.signal, 'addEventListener');
    await host.run(['true'], { signal: controller.signal });
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('ends what a program leaves running in its group', async () => {
    const pids = join(folder, 'left-over');
    const result = await host.run(sh('sleep 1000 & echo $! >"$1"; echo bye', pids));
    expect(result.stdout.toString()).toBe('bye\n');
    const [pid = 0] = await pidsIn(pids, 1);
    expect(await isRunning(pid)).toBe(false);
  });

  it('does not wait for ever for a process that left the group and holds the output', async () => {
    const pids = join(folder, 'daemon');
    const result = await host.run(
      sh('setsid sh -c \'echo $$ >"$1"; exec sleep 1000\' sh "$1" & sleep 0.2; echo bye', pids),
    );
    expect(result).toMatchObject({ exitCode: 0, stdout: Buffer.from('bye\n') });
    const [pid = 0] = await pidsIn(pids, 1);
    process.kill(pid, 'SIGKILL');
  });
});

describe('runChecked', () => {
  it("throws with the tool's own words", async () => {
    const failure = runChecked(host, ['ls', '/no/such/folder']);
    await expect(failure).rejects.toThrow(TidemarkError);
    await expect(failure).rejects.toMatchObject({
      type: 'ToolFailed',
      message: 'ls ended with exit code 2',
      details: {
        host: 'alpha',
        toolMessage: expect.stringContaining('No such file or directory') as unknown,
      },
    });
  });
});
