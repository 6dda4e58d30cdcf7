/** Who is primary now, and how to come back: what is said after a failover, and by `describe`. */
import { volumePath } from '../model/endpoints';
import type { RelationshipStatus, Takeover } from '../model/status';
import { formatFields, formatTime, oneLine } from '../client/text';

/** The first line of why fencing did not work, or not wholly: the rest is about another kind of trouble. */
function whyText(fencing: string): string {
  const [first = ''] = fencing.split('\n');
  return oneLine(first.replace(/^[A-Z]\w+: /, '').replace(/ \(host [^)]*\)$/, ''));
}

/** What is known of the old primary, and what that asks of people. */
function formerLines({ fenced, fencing, from }: Takeover): [string, string][] {
  const why = fencing === undefined ? undefined : whyText(fencing);
  if (fenced) return [['Old primary', `${from}, fenced${why === undefined ? '' : `, but ${why}`}`]];
  return [
    ['Old primary', `${from}, NOT fenced${why === undefined ? '' : `: ${why}`}`],
    ['', `it is fenced as soon as its agent is back; until then, see that nothing writes to ${from}`],
  ];
}

/** A takeover in a line for each fact. */
export function formatTakeover(takeover: Takeover): string {
  const { target, pointId, capturedAt, at } = takeover;
  return formatFields(
    [
      ['Primary', `${target}, since ${formatTime(at)}`],
      [
        'Went back to',
        pointId === null
          ? 'nothing: what was there was accepted'
          : `${pointId}, captured ${formatTime(capturedAt)}`,
      ],
      ...formerLines(takeover),
    ],
    '  ',
  );
}

/** The commands by which a relationship that has failed over comes back. */
export function comeBackLines(name: string, { from }: Pick<Takeover, 'from'>): string[] {
  return [
    `nothing is sent to ${from} until it comes back:`,
    formatFields(
      [
        [
          `tidemark reverse ${name}`,
          `once its host runs again: keeps what it alone has, then makes it a copy`,
        ],
        [
          `tidemark relocate ${name} --target ${from}`,
          `after that, if ${from} is to be the primary again: loses nothing`,
        ],
      ],
      '  ',
    ),
  ];
}

/** What follows once the old primary is a copy. */
export function goHomeLine(name: string, from: string): string {
  return `to make ${from} the primary again, losing nothing: tidemark relocate ${name} --target ${from}`;
}

/** The primary of a relationship, as `host:volume`. */
export function primaryOf({ document }: RelationshipStatus): string {
  const { source } = document.spec;
  return `${source.host}:${volumePath(source)}`;
}

/** A target by its name, as `host:/path`; its name where there is no such target. */
export function targetOf({ targets }: RelationshipStatus, name: string): string {
  const found = targets.find((target) => target.name === name);
  return found ? `${found.host}:${found.volume}` : name;
}
