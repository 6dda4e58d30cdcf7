/** Where the demo plays: a folder of its own, a whole Tidemark in it, and a terminal that types commands. */
import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClientError } from '../../client/exit-codes';
import { makeFolders } from '..';
import { BIN, makePartEnv } from '../parts';
import type { Parts } from '../parts';
import { waitPartReady } from '../ready';
import type { Reporter } from '../reporter';
import { quoteWord } from '../../model/shell-quote';
import { startOnFreePorts, stopAll } from '../start';
import type { UpPorts } from '../../client/up-state';

/** Far from those of a `tidemark up`, which may be started meanwhile. */
const PORTS: UpPorts = { temporal: 27_233, ui: 28_233, http: 27_733 };

/** What a command printed, and how it ended. */
export interface Typed {
  stdout: string;
  exitCode: number;
}

export class Stage {
  private constructor(
    /** Everything lies here, and nothing else is touched. */
    readonly folder: string,
    private readonly parts: Parts,
    private readonly env: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal,
    private readonly say: (text: string) => void,
  ) {}

  /** Starts it all, lets `play` play, and leaves nothing behind, however that ends. */
  static async with<T>(
    reporter: Reporter,
    signal: AbortSignal,
    play: (stage: Stage) => Promise<T>,
  ): Promise<T> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-demo-')));
    try {
      const home = await makeFolders(join(folder, 'state'));
      const say = () => undefined;
      const quiet = { ...reporter, say };
      const { parts, ports, temporal } = await startOnFreePorts({
        ...{ home, asked: {}, last: PORTS, reporter: quiet, say, signal },
      });
      const env = { ...makePartEnv(home, ports), TIDEMARK_URL: `http://127.0.0.1:${ports.http}` };
      try {
        await temporal.client.connection.close();
        return await play(new Stage(folder, parts, env, signal, reporter.say));
      } finally {
        await stopAll(parts, home);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The data of a host. */
  data(host: string): string {
    return join(this.folder, host, 'wiki');
  }

  /** The host is lost: its agent ends as at a power cut, and nothing starts it again. */
  async lose(host: string): Promise<number> {
    const agent = this.agentOf(host);
    const { pid } = agent;
    if (pid === undefined) throw new ClientError('Failed', `the agent of ${host} does not run`);
    await agent.crash();
    return pid;
  }

  /** The host is back: its agent starts, as at boot. */
  async bringBack(host: string): Promise<void> {
    const agent = this.agentOf(host);
    agent.start();
    await waitPartReady(agent, this.signal);
  }

  /**
   * Types a command, and shows it with all that it prints.
   * @throws ClientError where it ends with another exit code than expected
   */
  async type(args: readonly string[], exitCode = 0): Promise<Typed> {
    this.say(`  $ tidemark ${args.map(quoteWord).join(' ')}`);
    const typed = await this.run(args, (line) => this.say(`    ${line}`));
    if (typed.exitCode === exitCode) return typed;
    throw new ClientError(
      'Failed',
      `tidemark ${args.join(' ')} ended with exit code ${typed.exitCode}, and should have ended with ${exitCode}`,
    );
  }

  /** Asks quietly; answers the JSON. */
  async ask<T>(args: readonly string[]): Promise<T> {
    const { stdout } = await this.run([...args, '-o', 'json'], () => undefined);
    return JSON.parse(stdout) as T;
  }

  private async run(args: readonly string[], show: (line: string) => void): Promise<Typed> {
    this.signal.throwIfAborted();
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: this.folder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.signal,
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', show);
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { stdout, exitCode };
  }

  private agentOf(host: string) {
    const agent = this.parts.agents.find(({ options }) => options.name === `agent of ${host}`);
    if (!agent) throw new ClientError('Failed', `there is no host ${host}`);
    return agent;
  }
}
