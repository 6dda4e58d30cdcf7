/** The host that this process runs on. */
import type { Host } from '../contract';
import { endAttempts } from './attempts';
import { makeLocalFiles } from './files';
import { runPipe } from './pipe';
import { run } from './run';

/** @param home the agent's own state folder, absolute; made when first written to. */
export function makeLocalHost({ name, home }: { name: string; home: string }): Host {
  const runHere: Host['run'] = (argv, options) => run(name, argv, options);
  return {
    name,
    home,
    isHere: true,
    scratch: home,
    run: runHere,
    pipe: (argvs, options) => runPipe(name, argvs, options),
    endAttempts: (attempt) => endAttempts(name, attempt),
    files: makeLocalFiles({ name, run: runHere }),
  };
}
