/** Runs one command line, and tells every error in the format that was asked for. */
import { type Command, CommanderError } from 'commander';
import { tellError } from '../client/exit-codes';
import type { ExitCode } from '../client/exit-codes';
import { readVersion } from '../client/version';
import { findFormat, printError } from './output';
import { makeProgram } from './program';

/** Wrong use as commander says it, without its own heading, and the page of help that tells the right one. */
function wrongUse(said: string, error: CommanderError, program: Command, [name = '']: readonly string[]) {
  const message = (said || error.message).trim().replace(/^error: /, '');
  const isCommand = program.commands.some((command) => command.name() === name);
  const hint = isCommand ? `tidemark ${name} --help` : 'tidemark help shows what there is';
  return { type: 'WrongUse', message, hint, exitCode: 2 as const };
}

/** Runs one command line; answers the exit code. */
export async function runCli(argv: readonly string[]): Promise<ExitCode> {
  const format = findFormat(argv);
  let said = '';
  const program = makeProgram(readVersion(), (text) => (said += text));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return (process.exitCode as ExitCode | undefined) ?? 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (error.code === 'commander.help') {
        process.stderr.write(said);
        return 2;
      }
      printError(wrongUse(said, error, program, argv), format);
      return 2;
    }
    const told = tellError(error);
    printError(told, format);
    if (process.env.TIDEMARK_DEBUG) console.error(error);
    return told.exitCode;
  }
}
