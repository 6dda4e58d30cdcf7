import { basename } from 'node:path';
import { TidemarkError } from '../model/errors';
import type { Host, RunChecked, RunOptions, RunResult } from './contract';

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

/** 128 + SIGPIPE: it wrote to what was no longer read. */
const BROKEN_PIPE = 141;

/** A program that had to succeed and did not, in its own words. @param volume on which it worked */
export function toolFailed(
  host: Pick<Host, 'name'>,
  argv: readonly string[],
  result: RunResult,
  volume?: string,
): TidemarkError {
  const toolMessage = tailOf(result.stderr || result.stdout.toString());
  return new TidemarkError('ToolFailed', `${commandName(argv)} ended with exit code ${result.exitCode}`, {
    host: host.name,
    ...(volume !== undefined && { volume }),
    ...(toolMessage && { toolMessage }),
  });
}

/** Runs a program that must succeed. @throws TidemarkError `ToolFailed` with the tool's own words. */
export const runChecked: RunChecked = async (host, argv, options) => {
  const result = await host.run(argv, options);
  if (result.exitCode === 0) return result;
  throw toolFailed(host, argv, result);
};

/**
 * Runs `a | b | c`, of which each must succeed; answers what the last one printed. A program may be told that
 * nobody reads on (SIGPIPE) where its reader succeeded, and so had all that it wanted: `btrfs receive --dump` lets
 * go at the end of a stream, and `btrfs send` then ends with 141, or with 0, as chance has it.
 * @param volume on which they work
 * @throws TidemarkError `ToolFailed` with the tool's own words.
 */
export async function pipeChecked(
  host: Pick<Host, 'name' | 'pipe'>,
  argvs: readonly (readonly string[])[],
  options?: RunOptions,
  volume?: string,
): Promise<RunResult> {
  const results = await host.pipe(argvs, options);
  // From the end: a reader that failed is why its writer did.
  for (const [index, result] of [...results.entries()].reverse()) {
    const hadEnough = result.exitCode === BROKEN_PIPE && results[index + 1]?.exitCode === 0;
    if (result.exitCode !== 0 && !hadEnough) throw toolFailed(host, argvs[index] ?? [], result, volume);
  }
  return results.at(-1) as RunResult;
}
