/** When a resource is synced. Pure. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RelationshipStatus } from '../../model/status';
import { SYNC_FOR, type VolSyncResource } from './resource';

const NAMED: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** A schedule in five fields, as Temporal has them. */
export const cronOf = (schedule: string): string => NAMED[schedule.trim()] ?? schedule.trim();

/** `manual` wins over a schedule. */
export const scheduleIn = ({ spec }: VolSyncResource): string | undefined => {
  const { manual, schedule } = spec?.trigger ?? {};
  return manual || !schedule ? undefined : cronOf(schedule);
};

/** What its `manual` asks for was done, whoever served the resource then: nothing is to happen before it has another text. */
export const isSettled = ({ spec, status }: VolSyncResource): boolean => {
  const { manual } = spec?.trigger ?? {};
  return Boolean(manual) && status?.lastManualSync === manual;
};

/** Nothing is begun for it before people change that. */
export const isResting = (resource: VolSyncResource): boolean =>
  resource.spec?.paused === true || isSettled(resource);

const AskedSchema = z.object({
  /** The tag of a manual trigger. */
  tag: z.string(),
  /** The number of the last operation before it: a sync with a later one counts. */
  after: z.number(),
  /** The relationship that counts so. */
  of: z.string().optional(),
});
export type Asked = z.output<typeof AskedSchema>;

/** What is noted of a tag. */
export function readAsked({ metadata }: VolSyncResource): Asked | undefined {
  try {
    return AskedSchema.parse(JSON.parse(metadata.annotations?.[SYNC_FOR] ?? ''));
  } catch {
    return undefined;
  }
}

/**
 * What is to be noted before anything is begun for a tag; undefined where that was done, or nothing is asked for. A sync that
 * runs already may have frozen its source before the tag was given: it does not count.
 */
export function askedNow(
  resource: VolSyncResource,
  found: Pick<RelationshipStatus, 'sequence' | 'name'> | undefined,
): Asked | undefined {
  const { manual } = resource.spec?.trigger ?? {};
  if (!manual || isSettled(resource)) return undefined;
  const { name, sequence = 0 } = found ?? {};
  const noted = readAsked(resource);
  // One that was made anew counts from the beginning.
  const isOther = found !== undefined && noted?.of !== undefined && noted.of !== name;
  if (noted?.tag === manual && noted.after <= sequence && !isOther) return undefined;
  return { tag: manual, after: sequence, ...(name !== undefined && { of: name }) };
}

/** Whether what was asked for has come through. */
export function isAnswered({ after }: Asked, { targets: [target] }: RelationshipStatus): boolean {
  return target?.result === 'succeeded' && (target.sequence ?? 0) > after;
}

/** Nothing runs, and nothing will by itself but what the schedule says. */
const isIdle = ({ operation, phase, fetches = [], lastSync }: RelationshipStatus, isNew: boolean): boolean =>
  operation === undefined &&
  fetches.length === 0 &&
  lastSync !== undefined &&
  (phase === 'Idle' || (phase === 'Retrying' && isNew));

/**
 * The sync that is to be begun now, by an id that is the same for the same wish and try; undefined where none is. The first one
 * comes by itself as the relationship is made, whatever its schedule, and one that failed is tried again by itself.
 */
export function syncDue(resource: VolSyncResource, found: RelationshipStatus): string | undefined {
  const { spec = {}, status = {}, metadata } = resource;
  const { manual, schedule } = spec.trigger ?? {};
  const asked = readAsked(resource);
  // Nothing was tried for it yet: what failed before is not waited for.
  const isNew = asked !== undefined && (found.targets[0]?.sequence ?? 0) <= asked.after;
  if (spec.paused === true || found.paused || !isIdle(found, isNew)) return undefined;
  const isOpen = asked?.tag === manual && status.lastManualSync !== manual;
  if (manual ? !isOpen || (asked && isAnswered(asked, found)) : schedule) return undefined;
  const text = `${metadata.uid ?? ''}:${manual ?? ''}:${found.sequence}`;
  return `volsync-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
