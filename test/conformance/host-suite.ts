/** What every host promises, whatever way leads to it. See `src/hosts/contract.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runner } from '../../src/hosts/contract';
import { readStat } from '../../src/hosts/local/proc';
import { waitUntil } from '../../src/hosts/local/terminate';
import { runChecked } from '../../src/hosts/run-checked';
import { TidemarkError } from '../../src/model/errors';
import { testHostFiles } from './host-files-suite';

/** A host named `alpha`, whose files and processes are those of this machine. */
export interface HostFixture {
  title: string;
  /** @param folder for what it keeps, in {@link base} */
  make(folder: string): Promise<Runner>;
  /** A folder that is the same there and here. By default that for temporary files. */
  base?: () => Promise<string>;
  /** What it says of a program that is missing, which Debian has in package `attr`. */
  missing?: string;
  /** The number that a process has on this machine, of the one that it has there. */
  pidHere?: (pid: number) => Promise<number>;
  /** Starts an agent, a process of this machine, which starts a program there as an attempt and waits. */
  startAgent?(attempt: string, argv: readonly string[]): ChildProcess;
  afterAll?(): Promise<void>;
}

/** A program of a test; the shell is the misbehaving program, not a way to start one. */
const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}

function startLocalAgent(attempt: string, argv: readonly string[]): ChildProcess {
  const code = `
    const { spawn } = require('node:child_process');
    const [attempt, program, ...args] = process.argv.slice(1);
    const env = { ...process.env, TIDEMARK_ATTEMPT: attempt };
    spawn(program, args, { detached: true, stdio: 'ignore', env });
    setInterval(() => undefined, 1000);`;
  return spawn(process.execPath, ['-e', code, attempt, ...argv], { stdio: 'ignore' });
}

/** Looks again and again, from a process of its own, for programs of this machine that have a word among their arguments. */
function watchArguments(word: string): { started: Promise<unknown>; stop: () => Promise<string[]> } {
  const code = `
    const { readdirSync, readFileSync } = require('node:fs');
    const found = new Set();
    const look = () => {
      for (const pid of readdirSync('/proc').filter((name) => Number(name) > 0)) {
        try {
          const argv = readFileSync('/proc/' + pid + '/cmdline', 'utf8');
          if (argv.includes(process.env.WORD)) found.add(argv);
        } catch {}
      }
      setImmediate(look);
    };
    process.on('SIGTERM', () => { console.log(JSON.stringify([...found])); process.exit(); });
    look();
    console.log('looking');`;
  const watcher = spawn(process.execPath, ['-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { WORD: word },
  });
  let said = '';
  watcher.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    started: once(watcher.stdout, 'data'),
    async stop() {
      watcher.kill('SIGTERM');
      await once(watcher, 'close');
      return JSON.parse(said.split('\n')[1] ?? '') as string[];
    },
  };
}

export function describeHost(fixture: HostFixture): void {
  describe(fixture.title, () => {
    let host: Runner;
    let base: string;
    let home: string;
    let folder: string;

    /** Numbers that processes there have written to a file, as this machine has them. */
    async function pidsIn(path: string, count: number): Promise<number[]> {
      let pids: number[] = [];
      await waitUntil(async () => {
        const text = await readFile(path, 'utf8').catch(() => '');
        pids = text.split('\n').filter(Boolean).map(Number);
        return pids.length >= count;
      }, 30_000);
      return fixture.pidHere ? await Promise.all(pids.map(fixture.pidHere)) : pids;
    }

    beforeAll(async () => {
      base = (await fixture.base?.()) ?? tmpdir();
      home = await mkdtemp(join(base, 'tidemark-host-'));
      host = await fixture.make(home);
    });
    afterAll(async () => {
      await rm(home, { recursive: true, force: true });
      await fixture.afterAll?.();
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(base, 'tidemark-run-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

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
        const { stdout } = await host.run(['env'], { env: { EXTRA: "it's here" } });
        delete process.env.TIDEMARK_DATABASE_URL;
        const lines = stdout.toString().split('\n');
        expect(lines).toEqual(expect.arrayContaining(['LC_ALL=C.UTF-8', "EXTRA=it's here"]));
        expect(stdout.toString()).not.toContain('secret');
      });

      it('names the package that brings a missing program', async () => {
        const failure = host.run(['/no/such/place/getfattr', '-d']);
        await expect(failure).rejects.toMatchObject({
          type: 'ToolMissing',
          details: { host: 'alpha', hint: fixture.missing ?? 'on alpha: sudo apt-get install attr' },
        });
        await expect(host.run(['no-such-program'])).rejects.toMatchObject({ type: 'ToolMissing' });
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

    describe('pipe', () => {
      it('feeds each program from the one before, and sees every exit code', async () => {
        const results = await host.pipe(
          [sh('cat; exit 3'), ['tr', 'a-z', 'A-Z'], sh('cat; echo warned >&2; exit 4')],
          {
            stdin: 'through all',
          },
        );
        expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 0, 4]);
        expect(results.at(-1)?.stdout.toString()).toBe('THROUGH ALL');
        expect(results.at(-1)?.stderr).toBe('warned\n');
      });

      it('carries every byte of a flood', async () => {
        const results = await host.pipe([
          ['head', '-c', '100000000', '/dev/zero'],
          ['wc', '-c'],
        ]);
        expect(results[1]?.stdout.toString().trim()).toBe('100000000');
      });

      it('lets a writer notice that its reader has gone', async () => {
        const results = await host.pipe([['yes'], ['head', '-n', '1']]);
        expect(results[1]?.stdout.toString()).toBe('y\n');
        expect(results[0]?.exitCode).not.toBe(0);
      });

      it('ends the others where one of them is missing', async () => {
        for (const argvs of [
          [['sleep', '1000'], ['/no/such/program'], ['cat']],
          [['/no/such/program'], ['cat']],
          [
            ['sleep', '1000'],
            ['true', 'x'.repeat(3_000_000)],
          ],
        ]) {
          await expect(host.pipe(argvs)).rejects.toThrow(/no program|E2BIG/);
        }
      });

      it('ends all of them with the reason of the abort', async () => {
        const controller = new AbortController();
        const running = host.pipe([['yes'], sh('trap "" TERM; echo ready >&2; exec cat >/dev/null')], {
          signal: controller.signal,
          killAfterMs: 100,
          onStderr: () => controller.abort(new Error('enough')),
        });
        await expect(running).rejects.toThrow('enough');
      });
    });

    it('shows nothing to who lists processes of what it writes to a file, or sets for a program', async () => {
      const secret = randomBytes(12).toString('hex');
      const watch = watchArguments(secret);
      await watch.started;
      for (let round = 0; round < 20; round++) await host.files.write(join(folder, 'key'), secret);
      const script = 'sleep 0.3; printf %s "$SECRET"';
      const { stdout } = await host.run(sh(script), { env: { SECRET: secret } });
      expect(stdout.toString()).toBe(secret);
      expect(await watch.stop()).toEqual([]);
    });

    testHostFiles(() => ({ host, folder }));

    describe('attempts', () => {
      const attempt = `transfer:wiki:beta:${process.pid}`;

      /** An agent of its own process, which starts `script` as the attempt and is then killed. */
      async function loseAgent(script: string, pidFile: string, count: number): Promise<number[]> {
        const agent = (fixture.startAgent ?? startLocalAgent)(attempt, sh(script, pidFile));
        const pids = await pidsIn(pidFile, count);
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
        const [pid = 0] = await pidsIn(pidFile, 1);
        expect(await host.endAttempts(attempt)).toBe(0);
        expect(await isRunning(pid)).toBe(true);
        controller.abort(new Error('done'));
        await expect(other).rejects.toThrow('done');
      });

      it('ends an attempt of this very agent, whose own promise settles then', async () => {
        const pidFile = join(folder, 'mine');
        const running = host.run(['sh', '-c', 'echo $$ >"$1"; exec sleep 1000', 'sh', pidFile], { attempt });
        await pidsIn(pidFile, 1);
        expect(await host.endAttempts(attempt)).toBe(1);
        expect((await running).exitCode).toBe(143);
      });
    });
  });
}
