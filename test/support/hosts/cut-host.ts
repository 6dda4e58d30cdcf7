/** A host whose agent is killed before one of its commands. */
import type { Host } from '../../../src/hosts/contract';
import { TidemarkError } from '../../../src/model/errors';

export class Killed extends Error {}

/** Whether a program only looks: killed before it or before the next one, all is the same. */
export type IsLooking = (argv: readonly string[]) => boolean;

/**
 * The host, up to its `command`th program or write of a file that changes something, counted from 0; nothing is
 * run from there on. `isSpent` says whether it came so far.
 */
export function cutHost(host: Host, command: number, isLooking: IsLooking): Host & { isSpent(): boolean } {
  let count = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    if (count++ >= command) throw new Killed(`before command ${command}`);
    return await work();
  };
  return {
    name: host.name,
    home: host.home,
    scratch: host.scratch,
    files: {
      ...host.files,
      write: (path, content, mode) => step(() => host.files.write(path, content, mode)),
      makeKeyPair: (path) => step(() => host.files.makeKeyPair(path)),
      remove: (path) => step(() => host.files.remove(path)),
      rename: (from, to) => step(() => host.files.rename(from, to)),
    },
    run: (argv, options) => (isLooking(argv) ? host.run(argv, options) : step(() => host.run(argv, options))),
    pipe: (argvs, options) => step(() => host.pipe(argvs, options)),
    endAttempts: (attempt) => host.endAttempts(attempt),
    isSpent: () => count > command,
  };
}

/** The host, without one of its programs. */
export function withoutProgram(host: Host, program: string): Host {
  return {
    ...host,
    run: (argv, options) => {
      if (argv[0] !== program) return host.run(argv, options);
      const message = `${program} is not installed`;
      return Promise.reject(new TidemarkError('ToolMissing', message, { host: host.name }));
    },
    pipe: (argvs, options) => host.pipe(argvs, options),
    endAttempts: (attempt) => host.endAttempts(attempt),
  };
}

/** Before every so-manieth command; with `TIDEMARK_KILL_EVERY=1` before each of them in one run. */
const EVERY = Number(process.env.TIDEMARK_KILL_EVERY ?? 3);

/**
 * Kills a piece of work before its commands in turn, each time on a stage of its own, and then does it again to
 * its end. Answers at how many commands. Which of them it begins with differs from run to run.
 * @param fewerTimes for work of many commands, or with a stage that takes long
 */
export async function killAtEveryCommand<T>(
  host: Host,
  isLooking: IsLooking,
  makeStage: () => Promise<T>,
  work: (host: Host, stage: T) => Promise<unknown>,
  check: (stage: T) => Promise<void>,
  fewerTimes = 1,
): Promise<number> {
  const every = EVERY === 1 ? 1 : EVERY * fewerTimes;
  for (let command = Math.floor(Math.random() * every); ; command += every) {
    const stage = await makeStage();
    const cut = cutHost(host, command, isLooking);
    try {
      await work(cut, stage);
      if (!cut.isSpent()) return command;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    await work(host, stage);
    await check(stage);
  }
}
