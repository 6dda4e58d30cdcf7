/** The one string that the shell at the far end gets. Pure. */
import { TidemarkError } from '../../model/errors';
import { quoteWord } from '../../model/shell-quote';

/** What Linux takes as one argument, and the shell gets the whole command as one. */
const MAX_COMMAND_BYTES = 128 * 1024 - 1;

/**
 * Arguments as one command, each of them quoted, whatever it holds.
 * @throws TidemarkError `InvalidSpec` for a NUL, `ToolFailed` where they are too long together.
 */
export function makeCommand(host: string, argv: readonly string[]): string {
  const command = argv.map((argument) => quote(host, argument)).join(' ');
  if (Buffer.byteLength(command) <= MAX_COMMAND_BYTES) return command;
  throw new TidemarkError('ToolFailed', 'the arguments are too long together for one command (E2BIG)', {
    host,
  });
}

function quote(host: string, argument: string): string {
  if (argument.includes('\0')) {
    throw new TidemarkError('InvalidSpec', `an argument holds a NUL: ${JSON.stringify(argument)}`, { host });
  }
  return quoteWord(argument);
}

/** Runs one of the fixed scripts in place of the shell. */
export const scriptArgv = (script: string, ...args: readonly string[]): string[] => [
  ...['exec', 'sh', '-c', script, 'sh'],
  ...args,
];
