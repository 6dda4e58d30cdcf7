import { basename } from 'node:path';
import { TidemarkError } from '../model/errors';
import type { RunChecked } from './contract';

const TELLING_LINES = 12;
const TELLING_CHARACTERS = 2000;

/** The last lines that a tool printed: what it says about its failure stands there. */
export function tailOf(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-TELLING_LINES).join('\n');
  return lines.length > TELLING_CHARACTERS ? `…${lines.slice(-TELLING_CHARACTERS)}` : lines;
}

/** The command as messages name it: the program and its subcommands, without paths and data. */
export function commandName(argv: readonly string[]): string {
  const words = argv.slice(1).findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return [basename(argv[0] ?? ''), ...argv.slice(1, words < 0 ? undefined : words + 1)].join(' ');
}

/** Runs a program that must succeed. @throws TidemarkError `ToolFailed` with the tool's own words. */
export const runChecked: RunChecked = async (host, argv, options) => {
  const result = await host.run(argv, options);
  if (result.exitCode === 0) return result;
  const toolMessage = tailOf(result.stderr || result.stdout.toString());
  throw new TidemarkError('ToolFailed', `${commandName(argv)} ended with exit code ${result.exitCode}`, {
    host: host.name,
    ...(toolMessage && { toolMessage }),
  });
};
