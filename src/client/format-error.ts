/** An error as text: what failed, where, in the tool's own words, and what to do next. */
import type { Told } from './exit-codes';
import { colors, printable } from './text';

/** An error as people read it. */
export function formatError(told: Told): string {
  const where = [told.host && `host ${told.host}`, told.volume && `volume ${told.volume}`]
    .filter(Boolean)
    .join(', ');
  const problems = told.problems?.map((problem) => `  ${problem}`) ?? [];
  const message =
    problems.length > 0 && told.problems?.join('\n') === told.message
      ? 'refused, and nothing was changed:'
      : told.message;
  return [
    `${colors.red('error:')} ${message}${where ? ` (${where})` : ''}`,
    ...problems,
    told.toolMessage && `  ${told.toolMessage.trimEnd().replaceAll('\n', '\n  ')}`,
    told.hint && `  What to do: ${told.hint}`,
  ]
    .filter(Boolean)
    .map((line) => (line as string).split('\n').map(paintSafely).join('\n'))
    .join('\n');
}

/** Keeps our own colours, and shows control characters of others. */
function paintSafely(line: string): string {
  const own = colors.red('error:');
  return line.startsWith(own) ? own + printable(line.slice(own.length)) : printable(line);
}
