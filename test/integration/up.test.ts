/** `tidemark up` as a user runs it: real processes, a state folder of its own, ports that are free. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { SyncEntry } from '../../src/catalog/contract';
import type { RelationshipSummary } from '../../src/model/summary';
import { findUnderUp } from '../../src/up/left-overs';
import { makeFolders } from '../../src/up';
import { startOnFreePorts, stopAll } from '../../src/up/start';
import { startTimeOf } from '../../src/client/up-state';
import type { UpState } from '../../src/client/up-state';
import { reservePorts } from '../support/hosts/ports';
import { eventually } from '../support/system/system';

const BIN = resolve(__dirname, '../../bin/tidemark.mjs');
jest.setTimeout(180_000);

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** One state folder, and the CLI with it. */
class Home {
  readonly path = mkdtempSync(join(tmpdir(), 'tidemark-up-'));
  readonly source = join(this.path, 'quick-start/alpha/wiki');
  readonly target = join(this.path, 'quick-start/beta/wiki');

  spawn(args: readonly string[], stdin = ''): ChildProcess {
    const { TEMPORAL_ADDRESS: _address, TIDEMARK_URL: _url, ...env } = process.env;
    const child = spawn(process.execPath, [BIN, ...args], {
      env: { ...env, TIDEMARK_HOME: this.path, CI: 'true' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(stdin);
    return child;
  }

  run(...args: string[]): Promise<Ran> {
    return finish(this.spawn(args));
  }

  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, '-o', 'json');
    if (code !== 0) throw new Error(`tidemark ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  state(): UpState {
    return JSON.parse(readFileSync(join(this.path, 'up.json'), 'utf8')) as UpState;
  }

  async remove(): Promise<void> {
    await this.run('down');
    await rm(this.path, { recursive: true, force: true });
  }
}

async function finish(child: ChildProcess): Promise<Ran> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const code = await new Promise<number>((done) => child.once('close', (exit) => done(exit ?? 128)));
  return { code, ...output };
}

async function portOptions(): Promise<string[]> {
  const [temporal, ui, http] = await reservePorts(3);
  return ['--temporal-port', String(temporal), '--ui-port', String(ui), '--http-port', String(http)];
}

describe('tidemark up --detach', () => {
  const home = new Home();
  let ports: string[] = [];
  let started: Ran;

  beforeAll(async () => {
    ports = await portOptions();
    started = await home.run('up', '--detach', ...ports);
  });
  afterAll(() => home.remove());

  it('returns once the quick start is on beta, and says where to look and what to type', async () => {
    expect(started).toMatchObject({ code: 0 });
    expect(await readFile(join(home.target, 'notes.txt'), 'utf8')).toContain('The tide comes in');
    for (const text of [
      `http://127.0.0.1:${home.state().ports.ui}`,
      'npx tidemark get',
      'sync quick-start --wait',
      'succeeded',
    ]) {
      expect(started.stdout).toContain(text);
    }
  });

  it('gives `get -o json` the shape that scripts were promised', async () => {
    const [summary] = await home.json<RelationshipSummary[]>('get');
    expect(summary).toMatchObject({
      name: 'quick-start',
      paused: false,
      direction: 'forward',
      epoch: 1,
      source: { host: 'alpha', volume: home.source },
      targets: [{ name: 'beta', host: 'beta', volume: home.target, result: 'succeeded', lastError: null }],
      lastSync: { result: 'succeeded' },
      rpoMet: true,
    });
    expect(summary?.targets[0]?.lagSeconds).toEqual(expect.any(Number));
    expect(Date.parse(summary?.nextRun ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('brings a change to beta by `sync --wait`, and history and points tell of it', async () => {
    await appendFile(join(home.source, 'notes.txt'), 'hello\n');
    const { code, stdout } = await home.run('sync', 'quick-start', '--wait');
    expect(stdout).toContain('succeeded');
    expect(code).toBe(0);
    expect(await readFile(join(home.target, 'notes.txt'), 'utf8')).toMatch(/hello\n$/);
    const history = await home.json<SyncEntry[]>('history', 'quick-start', '--kind', 'sync');
    expect(history[0]).toMatchObject({ result: 'succeeded', targets: [{ name: 'beta', errorType: null }] });
    const points = await home.json<{ id: string; keptBecause: string[] }[]>('points', 'quick-start');
    expect(points.length).toBeGreaterThanOrEqual(2);
    expect(points[0]?.keptBecause).toContain('newest');
  });

  it('restores an earlier point to a folder of any host', async () => {
    const points = await home.json<{ id: string }[]>('points', 'quick-start');
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-restored-'));
    try {
      const oldest = points.at(-1)?.id ?? '';
      const to = ['--to', `alpha:${folder}`, '--yes'];
      const { code } = await home.run('restore', 'quick-start', '--point', oldest, ...to);
      expect(code).toBe(0);
      expect(await readFile(join(folder, 'notes.txt'), 'utf8')).not.toContain('hello');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes a relationship from standard input through its whole life, with an exit code for each refusal', async () => {
    const spec = (trigger: string) => `
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: second }
spec:
  source: { host: alpha, directory: ${JSON.stringify(home.source)} }
  targets: [{ host: beta, directory: ${JSON.stringify(join(home.path, 'second'))} }]
  ${trigger}
`;
    const apply = (text: string, ...args: string[]) =>
      finish(home.spawn(['apply', '-f', '-', ...args], text));
    expect(await apply(spec('triger: {}'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "trigger"?') as string,
    });
    expect(await home.run('get', 'second')).toMatchObject({ code: 3 });
    expect(await apply(spec('trigger: {}'), '--wait')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^relationship second created\n[^]*succeeded/) as string,
    });
    expect(await apply(spec('trigger: {}'))).toMatchObject({
      code: 0,
      stdout: 'relationship second unchanged\n',
    });
    expect(await home.run('pause', 'second')).toMatchObject({ code: 0 });
    expect(await home.run('sync', 'second')).toMatchObject({ code: 3 });
    expect(await home.run('resume', 'second')).toMatchObject({ code: 0 });
    expect(await home.run('approve', 'second')).toMatchObject({ code: 3 });
    expect(await home.run('verify', 'second')).toMatchObject({ code: 0 });
    expect(await home.run('describe', 'second')).toMatchObject({ code: 0 });
    expect(await home.run('delete', 'second')).toMatchObject({ code: 2 });
    expect(await home.run('delete', 'second', '--yes')).toMatchObject({ code: 0 });
    expect(await home.run('get', 'second')).toMatchObject({ code: 3 });
    expect(await home.json<SyncEntry[]>('history', 'second', '--kind', 'sync')).toHaveLength(1);
  });

  it('refuses to run twice on one state folder, and says where the first one is', async () => {
    const second = await home.run('up', '--detach');
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`http://127.0.0.1:${home.state().ports.ui}`);
  });

  it('refuses a port that was asked for and is taken, and says who has it', async () => {
    const other = new Home();
    try {
      const taken = String(home.state().ports.http);
      const { code, stderr } = await other.run('up', '--detach', '--http-port', taken);
      expect(code).toBe(3);
      expect(stderr).toMatch(new RegExp(`port ${taken} .* is taken \\(by node`));
    } finally {
      await other.remove();
    }
  });

  it('heals by itself when any of its processes is killed, on the same ports', async () => {
    const before = home.state();
    const children = (await findUnderUp(home.path)).map(({ pid }) => pid);
    expect(children.length).toBeGreaterThanOrEqual(4);
    for (const pid of children) {
      // A part's own helpers end with it: what is gone by then needs no kill.
      if (startTimeOf(pid) !== undefined) process.kill(pid, 'SIGKILL');
    }
    await appendFile(join(home.source, 'notes.txt'), 'after the kill\n');
    await eventually('a sync after everything was killed', async () => {
      const { code } = await home.run('sync', 'quick-start', '--wait');
      return code === 0 ? true : undefined;
    });
    expect(await readFile(join(home.target, 'notes.txt'), 'utf8')).toContain('after the kill');
    expect(home.state()).toEqual(before);
  });

  it('goes on where it was after it was killed itself, and leaves nothing of its former life', async () => {
    const { pid } = home.state();
    const children = await findUnderUp(home.path);
    process.kill(pid, 'SIGKILL');
    const again = await home.run('up', '--detach');
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('first sync');
    expect(home.state().ports).toEqual({
      temporal: Number(ports[1]),
      ui: Number(ports[3]),
      http: Number(ports[5]),
    });
    for (const { pid: old, startTime } of children) expect(startTimeOf(old)).not.toBe(startTime);
    const history = await home.json<SyncEntry[]>('history', 'quick-start', '--kind', 'sync');
    expect(history.length).toBeGreaterThanOrEqual(3);
    expect(await readFile(join(home.source, 'notes.txt'), 'utf8')).toContain('after the kill');
  });

  it('is ended by `down` with every process of it, and `get` then says that nothing answers', async () => {
    const { pid } = home.state();
    expect(await home.run('down')).toMatchObject({ code: 0, stdout: 'tidemark is down\n' });
    expect(startTimeOf(pid)).toBeUndefined();
    expect(await findUnderUp(home.path)).toEqual([]);
    const { code, stderr } = await home.run('get', '-o', 'json');
    expect(code).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({ error: { type: 'Unreachable' } });
    expect(await home.run('down')).toMatchObject({ code: 0, stdout: 'tidemark was not up\n' });
  });
});

describe('ports of tidemark up', () => {
  it('are chosen again where one is taken after it was found free; another server is not taken for its own', async () => {
    const home = await makeFolders(await mkdtemp(join(tmpdir(), 'tidemark-up-ports-')));
    const [temporal = 0, ui = 0, http = 0] = await reservePorts(6);
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const other = createServer();
    const started = await startOnFreePorts({
      ...{ home, asked: {}, last: { temporal, ui, http }, say, signal: AbortSignal.timeout(100_000) },
      reporter: { detached: false, say, step: (_what, act) => act(), ready: () => undefined },
      onChosen: async (ports) => {
        if (!other.listening)
          await new Promise<void>((done) => other.listen(ports.temporal, '127.0.0.1', done));
      },
    });
    await started.temporal.client.connection.close();
    await stopAll(started.parts, home);
    other.close();
    await rm(home, { recursive: true, force: true });
    expect(started.ports.temporal).not.toBe(temporal);
    expect(said.join('\n')).toContain('a port was taken just now');
  });
});

describe('tidemark up in the foreground', () => {
  const home = new Home();
  afterAll(() => home.remove());

  it('takes other ports where the usual ones are taken, says so, and ends with 0 at Ctrl-C', async () => {
    // The one after the first is what it goes on to.
    const [first = 0, _next, ui, http] = await reservePorts(4);
    const server = createServer().listen(first, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    // What the last `up` used, and somebody else has now.
    const state = { pid: 1, startTime: '', ports: { temporal: first, ui, http }, startedAt: '' };
    writeFileSync(join(home.path, 'up.json'), JSON.stringify(state));
    const child = home.spawn(['up', '--no-quick-start']);
    const ended = finish(child);
    try {
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await eventually('everything is up', () =>
        Promise.resolve(said.includes('Tidemark is up') || undefined),
      );
      child.kill('SIGINT');
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`port ${first} for Temporal is taken \\(by .*\\): using \\d+`));
      expect(stdout).toContain('everything has ended');
      expect(await findUnderUp(home.path)).toEqual([]);
    } finally {
      child.kill('SIGTERM');
      server.close();
    }
  });
});
