/** What somebody may wait for of a relationship: `phase=Idle`, `status=up`, `synced`, … Pure. */
import { HEALTHS } from './health';
import { PHASES } from './status';
import type { RelationshipSummary } from './summary';
import { suggest } from './suggest';

/** Whether it holds; `started` is how it was when the waiting began. */
export type Condition = (now: RelationshipSummary, started: RelationshipSummary) => boolean;

export const CONDITIONS = [
  'phase=PHASE',
  'status=up|warn|down',
  'synced',
  'idle',
  'failed-over',
  'in-step',
] as const;

const isSynced: Condition = ({ lastSync }, started) =>
  lastSync?.result === 'succeeded' && lastSync.endedAt !== started.lastSync?.endedAt;

const NAMED: Readonly<Record<string, Condition>> = {
  /** A sync has succeeded since the waiting began. */
  synced: isSynced,
  /** Nothing runs. */
  idle: ({ operation }) => operation === null,
  'failed-over': ({ phase }) => phase === 'FailedOver',
  /** Every target has what was promised. */
  'in-step': ({ status, targets }) =>
    status === 'up' && targets.every(({ recoveryPoint }) => recoveryPoint !== null),
};

/** @returns the condition, or what is wrong with the text */
export function parseCondition(text: string): Condition | { problem: string } {
  const named = NAMED[text];
  if (named) return named;
  const [key, value = ''] = text.split('=', 2);
  const among = (words: readonly string[], holds: (word: string) => Condition) => {
    const word = words.find((each) => each.toLowerCase() === value.toLowerCase());
    if (word !== undefined) return holds(word);
    const guess = suggest(value, words);
    return { problem: guess ? `did you mean ${key}=${guess}?` : `${key}= must be among ${words.join(', ')}` };
  };
  if (key === 'phase')
    return among(
      PHASES,
      (word) =>
        ({ phase }) =>
          phase === word,
    );
  if (key === 'status')
    return among(
      HEALTHS,
      (word) =>
        ({ status }) =>
          status === word,
    );
  const guess = suggest(text, Object.keys(NAMED));
  return { problem: guess ? `did you mean ${guess}?` : `it must be among ${CONDITIONS.join(', ')}` };
}
