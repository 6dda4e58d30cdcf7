/** What the fake hosts of one test do, in order; any one step of it can be held, or made to fail. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorType } from '../../src/model/errors';
import type { FakeHost } from './fakes';

/** Whether a step is held before it does anything, or when all is done but its answer is out. */
export type When = 'before' | 'after';
export const WHENS: readonly When[] = ['before', 'after'];

interface Held {
  step: string | number;
  when: When;
  reached: PromiseWithResolvers<string>;
  go: PromiseWithResolvers<void>;
}

export class Stage {
  /** Every step since `clear`, like `alpha fence`. */
  steps: string[] = [];
  private held?: Held;
  private readonly failing = new Map<string | number, ErrorType>();

  constructor(hosts: readonly FakeHost[]) {
    for (const host of hosts) {
      const place = host.name.split('-').at(-1) ?? host.name;
      host.around = (step, act) => this.play(`${place} ${step}`, act);
    }
  }

  clear(): void {
    this.steps = [];
  }

  /** The steps of these kinds alone. */
  only(...kinds: string[]): string[] {
    return this.steps.filter((step) => kinds.includes(step.split(' ')[1] ?? ''));
  }

  /** Holds a step, by its name or its number since `clear`; resolves with its name when it is reached. */
  hold(step: string | number, when: When = 'before'): Promise<string> {
    this.held = { step, when, reached: Promise.withResolvers(), go: Promise.withResolvers() };
    return this.held.reached.promise;
  }

  /** Lets the held step go on. */
  letGo(): void {
    this.held?.go.resolve();
    delete this.held;
  }

  /** Has a step fail, by its name or its number, until `mend`. */
  fail(step: string | number, type: ErrorType): void {
    this.failing.set(step, type);
  }

  mend(): void {
    this.failing.clear();
  }

  private async play(name: string, act: () => Promise<unknown>): Promise<unknown> {
    const number = this.steps.push(name) - 1;
    const { held } = this;
    const isHeld = held !== undefined && (held.step === name || held.step === number);
    if (isHeld && held.when === 'before') await this.wait(held, name);
    const type = this.failing.get(name) ?? this.failing.get(number);
    if (type) throw ApplicationFailure.nonRetryable(`${name} failed`, type, {}, { attempt: 1 });
    const result = await act();
    if (isHeld && held.when === 'after') await this.wait(held, name);
    return result;
  }

  /** Whoever is held beats its heart, as agents do, and is lost with its worker. */
  private async wait({ reached, go }: Held, name: string): Promise<void> {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 100);
    const lost = new Promise<void>((_resolve, reject) => {
      context.cancelled.catch((error: unknown) => {
        if (error instanceof Error && error.message === 'WORKER_SHUTDOWN') reject(error);
      });
    });
    reached.resolve(name);
    try {
      await Promise.race([go.promise, lost]);
    } finally {
      clearInterval(beat);
    }
  }
}
