/**
 * The passes of one transfer over one landing, and the target's command for each. Those beside the main one are made
 * from the main one's, once that has proved to be one that this mover runs. Pure.
 */
import { chooseCommand } from '../../landings/choose-command';
import type { Keeps } from '../../model/keeps';
import type { WriteMode } from '../contract';
import { type Pass, placeholderOf, SILENCE_WHEN_SUMMING_SECONDS } from './options';
import { completeServerCommand } from './server-command';

/** Letters of `-lHogDtpAXrxSe.iLsfxCIvu` before the `e.`, changed; what follows tells what the client can do. */
function changeLetters(letters: string, change: (options: string) => string): string {
  const [, options = '', abilities = ''] = /^-([a-zA-Z]*?)(e\.[A-Za-z]*)$/.exec(letters) ?? [];
  return `-${change(options)}${abilities}`;
}

/** Says what the main pass would do, without reading contents, and writes nothing. */
function makeDry([program = '', server = '', letters = '', ...rest]: readonly string[]): string[] {
  const dry = changeLetters(letters, (options) => `n${options.replace('c', '')}`);
  return [program, server, dry, ...rest.filter((option) => !option.startsWith('--max-delete='))];
}

/** Compares named files that are there by their contents, and writes what differs, or each as a file of its own. */
function makeContent(
  mode: WriteMode,
  [program = '', server = '', letters = '', ...rest]: readonly string[],
): string[] {
  const how = mode === 'delayed' ? 'I' : 'c';
  const content = changeLetters(letters, (options) => `${options.replaceAll(/[rc]/g, '')}${how}R`);
  const isKept = (option: string) => !/^--(max-delete=|delete-delay$|timeout=)/.test(option);
  const timeout = `--timeout=${SILENCE_WHEN_SUMMING_SECONDS}`;
  return [program, server, content, '--force', '--existing', timeout, ...rest.filter(isKept)];
}

/** The target's command for each pass. @throws TidemarkError `InvalidSpec` where the offer is none of this mover's. */
export function makePasses(
  offered: readonly string[],
  request: { mode: WriteMode; path: string; maxDeletions?: number; keeps?: Keeps },
): Record<Pass, string[]> {
  const main = completeServerCommand(offered, request);
  return { main, dry: makeDry(main), content: makeContent(request.mode, main) };
}

/**
 * The command of a landing that is written to, for all passes, each of which it runs when asked for.
 * @param others commands that write nothing, by what asks for them
 */
export function makeWriterCommand(
  offered: readonly string[],
  request: Parameters<typeof makePasses>[1],
  others: Readonly<Record<string, readonly string[]>> = {},
): string[] {
  const passes = Object.entries(makePasses(offered, request)) as [Pass, string[]][];
  return chooseCommand({
    ...Object.fromEntries(passes.map(([pass, argv]) => [placeholderOf(pass), argv])),
    ...others,
  });
}
