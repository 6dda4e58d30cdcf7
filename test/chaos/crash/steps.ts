/** The steps that agents take, as they are counted inside of them; and a stop at any of them. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentSetup } from '../../support/system/system';

const HOOK = resolve(__dirname, '../../support/programs/step-hook.cjs');

export type Moment = 'before' | 'after';

/** A stop of a host's agent at one of its steps. */
export interface Stop {
  host: string;
  /** From one, since the plan was made. */
  step: number;
  moment: Moment;
  /** The agent itself is what is killed: by itself, so that nothing comes in between. */
  kills: boolean;
}

/** What agents do from one plan to the next. */
export class Steps {
  private plans = 0;

  constructor(
    private readonly folder: string,
    private readonly hosts: readonly string[],
  ) {}

  /** How the agent of a host is started, so that its steps are counted. */
  setup(host: string): AgentSetup {
    const env = { NODE_OPTIONS: `--require=${HOOK}`, TIDEMARK_STEPS: this.folder, TIDEMARK_STEPS_HOST: host };
    return { env };
  }

  /** Counts from now on; stops where it is told to. */
  async plan(stop?: Stop): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    this.plans++;
    for (const host of this.hosts) {
      for (const name of ['trace', 'reached', 'go']) await rm(this.at(host, name), { force: true });
      const own = stop?.host === host ? stop : {};
      await writeFile(this.at(host, 'plan'), JSON.stringify({ id: this.plans, ...own }));
    }
  }

  /** Counts no more, and lets go whoever is stopped. */
  async end(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const host of this.hosts) {
      await rm(this.at(host, 'plan'), { force: true });
      await writeFile(this.at(host, 'go'), '');
    }
  }

  /** Whether an agent stands where it was to stop, or has been killed there. */
  isReached({ host }: Stop): boolean {
    return existsSync(this.at(host, 'reached'));
  }

  letGo({ host }: Stop): Promise<void> {
    return writeFile(this.at(host, 'go'), '');
  }

  /** What a host has done since the plan was made, a step to a line. */
  async trace(host: string): Promise<string[]> {
    const text = await readFile(this.at(host, 'trace'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  }

  private at(host: string, name: string): string {
    return join(this.folder, `${host}.${name}`);
  }
}
