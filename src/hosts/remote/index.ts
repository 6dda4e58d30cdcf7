/**
 * One protocol for programs and files at the far end, on which nothing of ours is installed: fixed scripts for its own
 * `sh`, and its own tools. How a command gets there is a matter of the {@link Carrier}.
 */
import type { Runner } from '../contract';
import { endAttempts } from './attempts';
import { makeRemoteFiles } from './files';
import { run, runPipe } from './run';
import type { RunScript } from './scripts';
import type { Carrier } from './session';
import { makeShells } from './shells';

/** @param scratch absolute, at the far end */
export function makeRemoteRunner(carrier: Carrier, scratch: string): Runner {
  const sessions = { carrier, shells: makeShells(carrier) };
  const runThere: Runner['run'] = (argv, options) => run(sessions, argv, options);
  const running = { name: carrier.host, run: runThere };
  const runScript: RunScript = (script, args, options) =>
    run(sessions, ['sh', '-c', script, 'sh', ...args], options, { isQuick: true });
  const there = { ...running, scratch, files: makeRemoteFiles(running, carrier, runScript) };
  return {
    ...there,
    pipe: (argvs, options) => runPipe(there, sessions, argvs, options),
    endAttempts: (attempt) => endAttempts(carrier.host, runScript, attempt),
  };
}
