/** `points --others`: what others keep in the same store. */
import type { ListOthersInput } from '../api/messages';
import type { OthersAnswer, OthersRequest, ToldState } from '../model/others';
import { formatBytes } from '../model/units';
import { formatTable, formatTime, shortenMiddle, terminalWidth } from '../client/text';
import { lazy } from './lazy';

/** No path is cut shorter than that. */
const SHORTEST = 12;
const GAP = 2;

/** What it is of, a line for each folder, and its tags. */
function whatLines({ from, paths, morePaths = 0, tags, moreTags = 0 }: ToldState): string[] {
  const [first = '', ...rest] = paths;
  const more = (count: number) => (count > 0 ? [`and ${count} more`] : []);
  const tagged = [...tags, ...more(moreTags)].join(', ');
  return [`${from}:${first}`, ...rest, ...more(morePaths), ...(tagged === '' ? [] : [`[${tagged}]`])];
}

/** What to type next. */
function nextLines(
  { relationship, target, older }: OthersAnswer,
  newest: ToldState,
  oldest: ToldState,
): string[] {
  const points = `tidemark points ${relationship} --target ${target} --others --before ${oldest.capturedAt}`;
  const restore = `tidemark restore ${relationship} --target ${target} --point ${newest.name} --to HOST:/path`;
  return [
    ...(older > 0 ? [`and ${older} older: ${points}`] : []),
    `to bring one back, by default all of it: ${restore}`,
  ];
}

/** @param width of the terminal; undefined: lines are as long as they are */
export function formatOthers(answer: OthersAnswer, width = terminalWidth()): string {
  const { states, total, host, target } = answer;
  const [newest] = states;
  const oldest = states.at(-1);
  if (!newest || !oldest) {
    return total === 0
      ? `others keep nothing in ${target}, as ${host} sees it`
      : `others keep nothing in ${target} that is as old; ${total} in all`;
  }
  const head = ['POINT', 'CAPTURED', 'SIZE'];
  const facts = states.map((state) => [
    state.name,
    formatTime(state.capturedAt),
    state.bytes === undefined ? '–' : formatBytes(state.bytes),
  ]);
  const taken = head.reduce((sum, title, column) => {
    return sum + GAP + Math.max(title.length, ...facts.map((row) => (row[column] ?? '').length));
  }, 0);
  const room = width === undefined ? Infinity : Math.max(SHORTEST, width - taken);
  const rows = states.flatMap((state, index) =>
    whatLines(state).map((line, count) => [
      ...(count === 0 ? (facts[index] ?? []) : head.map(() => '')),
      shortenMiddle(line, room),
    ]),
  );
  return [formatTable([...head, 'OF, AND TAGS'], rows), ...nextLines(answer, newest, oldest)].join('\n');
}

/** @throws ClientError, or what the host said that looked */
export async function askOthers(name: string, request: OthersRequest): Promise<OthersAnswer> {
  return await lazy.temporal().Temporal.use(async (temporal) => {
    const { document } = await temporal.status(name);
    const input: ListOthersInput = { document, request };
    const summary = `Lists what others keep in the store of ${name}; changes nothing`;
    return await temporal.runApart<ListOthersInput, OthersAnswer>('listOthers', name, input, summary);
  });
}
