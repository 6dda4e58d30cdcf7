/**
 * A whole Tidemark of real processes for one test: Temporal, control worker, agents; each can be
 * killed and started again. Nothing in it is shared with any other.
 */
import type { Client } from '@temporalio/client';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PointEntry, SyncEntry } from '../../../src/catalog/contract';
import { Temporal } from '../../../src/client/temporal-client';
import { CONTROL_QUEUE, makeRelationshipId } from '../../../src/model/names';
import { formatProblem, parseSpecs } from '../../../src/model/parse-spec';
import type { Relationship } from '../../../src/model/spec';
import type { RelationshipStatus } from '../../../src/model/status';
import { statusQuery } from '../../../src/api/messages';
import { killAllOf } from '../hosts/find-processes';
import { reservePorts } from '../hosts/ports';
import { findTemporal } from './temporal-server';

const BIN = resolve(__dirname, '../../../bin/tidemark.mjs');
const LONGEST_END_MS = 30_000;
/** Each question to a workflow costs three processes some milliseconds: the longer a wait, the fewer are asked. */
const LONGEST_PAUSE_MS = 800;

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Waits until a question is answered with something, asking again on `undefined` and on errors.
 * @param longestPauseMs up to which the pauses grow; short ones are for what must be seen the moment that it happens
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 90_000,
  longestPauseMs = LONGEST_PAUSE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (let pauseMs = Math.min(100, longestPauseMs); ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.2)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`, { cause: last });
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}

/** Relationships given as YAML. @throws where there is a mistake in them */
export function parseDocuments(yaml: string): Relationship[] {
  const { relationships, problems } = parseSpecs(yaml, 'a test');
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return relationships;
}

/** How the agent of one host is started. */
export interface AgentSetup {
  options?: string[];
  env?: Record<string, string>;
  /** Puts its command into a namespace. */
  wrap?: (argv: string[]) => string[];
  temporalHost?: string;
}

export interface SystemOptions {
  agents?: Record<string, AgentSetup>;
  temporalIp?: string;
  /** More options for Temporal's server, for example a lower limit. */
  temporalOptions?: string[];
  /** Environment of the control worker alone. */
  control?: Record<string, string>;
  /** More options of the control worker. */
  controlOptions?: string[];
}

interface Part {
  argv: string[];
  env?: Record<string, string>;
  process?: ChildProcess;
}

export class TestSystem {
  private readonly parts = new Map<string, Part>();
  private connected?: Temporal;

  private constructor(
    readonly folder: string,
    readonly env: Record<string, string>,
    private readonly ports: { temporal: number; http: number; ui: number },
  ) {}

  /** Starts Temporal, the control worker and an agent for each host. */
  static async start(options: SystemOptions = {}): Promise<TestSystem> {
    const { agents = { alpha: {}, beta: {} }, temporalIp = '127.0.0.1', control = {} } = options;
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-system-'));
    const [temporal = 0, http = 0, ui = 0] = await reservePorts(3);
    const env = {
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal}`,
      TIDEMARK_URL: `http://127.0.0.1:${http}`,
      TIDEMARK_HOME: join(folder, 'home'),
      TIDEMARK_LOG: 'json',
    };
    const system = new TestSystem(folder, env, { temporal, http, ui });
    await mkdir(join(folder, 'log'), { recursive: true });
    const server = [
      ...[findTemporal(), 'server', 'start-dev', '--ip', temporalIp, '--log-level', 'error'],
      ...['--port', String(temporal), '--ui-port', String(ui), '--db-filename', join(folder, 'temporal.db')],
      ...['--sqlite-pragma', 'journal_mode=WAL', ...(options.temporalOptions ?? [])],
    ];
    // Memory is there for as long as a test takes: collecting it less often is a part of the server's time.
    system.define('temporal', server, { GOGC: '400' });
    const controlOptions = [
      '--home',
      join(folder, 'control'),
      '--http',
      `127.0.0.1:${http}`,
      ...(options.controlOptions ?? []),
    ];
    // A catalog of some rows needs no second, better translation of its WASM, which costs a control worker a third of its start.
    const node = [process.execPath, '--liftoff-only'];
    system.define('control', [...node, BIN, 'control', ...controlOptions], control);
    for (const [host, agent] of Object.entries(agents)) system.defineAgent(host, agent);
    for (const name of system.parts.keys()) system.launch(name);
    await system.ready(Object.keys(agents));
    return system;
  }

  get uiAddress(): string {
    return `http://127.0.0.1:${this.ports.ui}`;
  }

  get httpAddress(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** The state folder of a host's agent. */
  agentHome(host: string): string {
    return join(this.folder, 'hosts', host);
  }

  /** Defines an agent, to be launched later. `temporalHost` is how it sees the machine that Temporal is on. */
  defineAgent(
    host: string,
    { options = [], env = {}, wrap = (argv) => argv, temporalHost }: AgentSetup = {},
  ): void {
    const home = this.agentHome(host);
    const argv = [process.execPath, BIN, 'agent', '--host', host, '--home', home, ...options];
    const address = temporalHost && { TEMPORAL_ADDRESS: `${temporalHost}:${this.ports.temporal}` };
    this.define(`agent:${host}`, wrap(argv), { ...address, ...env });
  }

  define(name: string, argv: string[], env: Record<string, string> = {}): void {
    this.parts.set(name, { argv, env });
  }

  launch(name: string): ChildProcess {
    const part = this.part(name);
    const [program = '', ...args] = part.argv;
    const log = createWriteStream(join(this.folder, 'log', `${name.replace(':', '-')}.log`), { flags: 'a' });
    const child = spawn(program, args, {
      // Commands of agents inherit the folder's name, and are found by it: what begins with TIDEMARK they don't.
      env: { ...process.env, TEST_SYSTEM: this.folder, ...this.env, ...part.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
    part.process = child;
    return child;
  }

  pid(name: string): number {
    const { pid } = this.part(name).process ?? {};
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  /** Kills a part as a crash would, and waits until it is gone. */
  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.part(name).process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  }

  /** What every front door of Tidemark is built on: much cheaper than a process for each thing that is asked. */
  async temporal(): Promise<Temporal> {
    this.connected ??= await Temporal.connectTo(this.env.TEMPORAL_ADDRESS ?? '');
    return this.connected;
  }

  /** Temporal's own client, which connects anew where the server was away. */
  async client(): Promise<Client> {
    return (await this.temporal()).client;
  }

  async status(name: string): Promise<RelationshipStatus> {
    const client = await this.client();
    return client.workflow.getHandle(makeRelationshipId(name)).query(statusQuery);
  }

  /** Runs the CLI as a user would. */
  async cli(
    args: string[],
    options: { stdin?: string; env?: Record<string, string> } = {},
  ): Promise<CliResult> {
    const child = spawn(process.execPath, [BIN, ...args], {
      env: { ...process.env, ...this.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    child.stdin.end(options.stdin ?? '');
    const exitCode = await new Promise<number>((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => done(code ?? 128));
    });
    return { exitCode, ...output };
  }

  /** Runs the CLI and expects it to succeed; answers its JSON. */
  async json<T>(...args: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.cli([...args, '-o', 'json']);
    if (exitCode !== 0)
      throw new Error(`tidemark ${args.join(' ')} ended with ${exitCode}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as T;
  }

  /** Applies documents given as YAML, as `tidemark apply` does. @throws what they were refused for */
  async apply(yaml: string): Promise<void> {
    for (const document of parseDocuments(yaml)) await (await this.temporal()).apply(document);
  }

  /** Deletes a relationship, as `tidemark delete` does. */
  async retire(name: string): Promise<void> {
    await (await this.temporal()).update(name, 'retire');
  }

  /** The newest 100 syncs of a relationship, newest first: what `tidemark history -o json` answers. */
  history(name: string): Promise<SyncEntry[]> {
    return this.read<SyncEntry[]>(`/v1/relationships/${name}/history?limit=100`);
  }

  /** The recovery points of a relationship, newest first: what `tidemark points -o json` is made of. */
  points(name: string): Promise<PointEntry[]> {
    return this.read<PointEntry[]>(`/v1/relationships/${name}/points`);
  }

  private async read<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.httpAddress}${path}`);
    if (!answer.ok) throw new Error(`no ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** The log lines of a part, parsed. */
  async log(name: string): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(this.folder, 'log', `${name.replace(':', '-')}.log`), 'utf8').catch(
      () => '',
    );
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
  }

  /**
   * Ends every process of it, those too that a killed agent has left. Its folder stays until `stop`, so that
   * what is mounted there can be unmounted between.
   */
  async end(): Promise<void> {
    await this.connected?.client.connection.close();
    delete this.connected;
    const order = [...this.parts.keys()].reverse();
    await Promise.all(order.filter((name) => name !== 'temporal').map((name) => this.endPart(name)));
    await this.endPart('temporal');
    await killAllOf(this.folder);
  }

  /** Ends everything, and removes its folder. */
  async stop(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async endPart(name: string): Promise<void> {
    const patience = setTimeout(() => void this.kill(name), LONGEST_END_MS);
    await this.kill(name, 'SIGTERM');
    clearTimeout(patience);
  }

  private part(name: string): Part {
    const part = this.parts.get(name);
    if (!part) throw new Error(`there is no part ${name}`);
    return part;
  }

  private async ready(hosts: string[]): Promise<void> {
    await eventually('the control worker answers', async () =>
      (await fetch(`${this.httpAddress}/healthz`)).ok ? true : undefined,
    );
    // It answers a little before it takes work, and what nobody takes is refused at once.
    await eventually('the control worker takes work', async () =>
      (await (await this.temporal()).pollers(CONTROL_QUEUE, 'workflow')).length > 0 ? true : undefined,
    );
    for (const host of hosts) {
      await eventually(`the agent of ${host} is ready`, async () =>
        (await this.log(`agent:${host}`)).some(({ msg }) => String(msg).includes('is ready'))
          ? true
          : undefined,
      );
    }
  }
}
