/** What `ls`, `find` and `diff` of recovery points have in common. */
import { Option } from 'commander';
import type { Entry, LookInput, Looked, ReadNotes } from '../api/points';
import { colors, oneLine } from '../client/text';
import { quoteWord } from '../model/shell-quote';
import { lazy } from './lazy';

/** Where nobody says how many. */
export const PAGE = 500;

type Looks = 'listPoint' | 'findInPoints' | 'diffPoints';

/** @throws ClientError, or what the host said that looked */
export async function askPoints<Request, Answer>(
  look: Looks,
  name: string,
  request: Request,
): Promise<Looked & Answer> {
  return await lazy.temporal().Temporal.use(async (temporal) => {
    const { document } = await temporal.status(name);
    const summary = `Looks into the recovery points of ${name}; changes nothing`;
    return await temporal.runApart<LookInput<Request>, Looked & Answer>(
      look,
      name,
      { document, request },
      summary,
    );
  });
}

export const targetOption = (): Option =>
  new Option('--target <name>', 'the target that holds the points; by default the first');

/** What is to be known of what was read. */
export function formatNotes({ unreadable, isLive }: ReadNotes): string[] {
  return [
    ...(isLive ? ['a state was read that syncs write to: what is told may be of two states'] : []),
    ...(unreadable === undefined
      ? []
      : [`${colors.red('not all could be read')}: ${oneLine(unreadable)}; there may be more`]),
  ];
}

/** What can be typed as it is shown. */
// eslint-disable-next-line no-control-regex -- control characters are the point
const isTypeable = ({ path }: Pick<Entry, 'path'>) => !/[\0-\x1f\x7f-\x9f]|\\#/.test(path);

/** How to bring one of these back, at the example of a file of them, where one can be. */
export function formatRestore<T extends Pick<Entry, 'path' | 'type'>>(
  { relationship, target }: Looked,
  entries: readonly T[],
  pointOf: (entry: T) => string,
): string[] {
  const found = entries.filter((entry) => entry.type !== 'image' && isTypeable(entry));
  const example = found.find(({ type }) => type === 'file') ?? found[0];
  if (!example) return [];
  const words = [
    'restore',
    relationship,
    '--target',
    target,
    '--point',
    pointOf(example),
    '--path',
    example.path,
  ];
  return ['to bring one back:', `  tidemark ${words.map(quoteWord).join(' ')} --to HOST:/path`];
}

/** How to see what was not shown. Fits 80 columns where the path does. */
export function formatMore(shown: readonly { path: string }[], more: number): string[] {
  if (more === 0) return [];
  const last = shown.at(-1)?.path ?? '';
  return [`${shown.length} shown, ${more} more: name a folder, or add --after ${quoteWord(oneLine(last))}`];
}
