/** What the Temporal UI shows of an operation that has several phases. Pure. */
import { describeLeftOut } from './left-out';
import { describeFailure } from './failure';
import { code, page, plain, table } from './markdown';
import type { Price } from './price';
import type { Failure, Instant } from './records';
import { formatBytes, formatDuration, formatEntries } from './units';

export interface SagaPhase {
  phase: string;
  text: string;
  state: 'running' | 'done' | 'failed';
  failure?: Failure;
}

const MARKS: Record<SagaPhase['state'], string> = { running: 'now', done: 'done', failed: '**failed**' };

/** The current details of an operation: what it is for, and each phase by name. */
export function renderSagaDetails(title: readonly string[], phases: readonly SagaPhase[]): string {
  const last = phases.at(-1);
  return page([
    ...title,
    ...(last?.failure ? [`**It waits:** ${plain(describeFailure(last.failure))}`] : []),
    table(
      ['phase', '', 'what'],
      phases.map(({ phase, text, state }) => [plain(phase), MARKS[state], plain(text)]),
    ),
  ]);
}

/** Facts of a price that some readers add to. */
export const AGE = 'which is';
export const SINCE = 'written at the source since';

/** The price of a failover in a line for each fact: for the CLI, the details, and whoever must approve. */
export function priceLines(
  price: Price,
  formatInstant: (instant: Instant) => string = (instant) => instant,
): [fact: string, value: string][] {
  const { target, host, volume, point, ageSeconds, verifiedAt, changed, newerPoints, unknown, leftOut } =
    price;
  return [
    ['goes on at', `${target} (${host}:${volume})`],
    [
      'goes back to',
      point ? `recovery point ${point.id}, ${formatBytes(point.bytes)}` : 'what is there: not a whole copy',
    ],
    ...(ageSeconds === null ? [] : [[AGE, `${formatDuration(ageSeconds * 1000)} old`] as [string, string]]),
    ...(newerPoints > 0
      ? [
          ['leaves behind', `${newerPoints} newer recovery point${newerPoints === 1 ? '' : 's'}`] as [
            string,
            string,
          ],
        ]
      : []),
    [
      SINCE,
      changed
        ? changed.entries === 0
          ? 'nothing'
          : `${formatEntries(changed.entries)}, ${formatBytes(changed.bytes)}: lost to ${target}, kept at the source`
        : 'not known',
    ],
    ...(leftOut.length > 0 ? [['the point lacks', describeLeftOut(leftOut)] as [string, string]] : []),
    ['last verified', verifiedAt ? formatInstant(verifiedAt) : 'never'],
    ...unknown.map((text): [string, string] => ['not known', text]),
  ];
}

/** The same as Markdown. */
export function renderPrice(price: Price): string {
  return table(
    ['', ''],
    priceLines(price).map(([fact, value]) => [
      plain(fact),
      fact === 'goes back to' ? code(value) : plain(value),
    ]),
  );
}
