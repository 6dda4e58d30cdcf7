/** Events, in words. Pure. */
import type { EventEntry } from '../../catalog/contract';
import type { Actor, FrontDoor } from '../../model/actor';
import { syncText } from './syncs';

export const KIND_TEXT: Readonly<Record<EventEntry['kind'], string>> = {
  ...{ applied: 'applied', deleted: 'deleted', paused: 'paused', resumed: 'resumed', approved: 'approved' },
  ...{ cancelled: 'cancelled', drillSchedule: 'drill schedule', verify: 'verification', restore: 'restore' },
  ...{ failover: 'failover', relocate: 'relocation', reverse: 'reverse', drill: 'drill', sync: 'sync' },
};

const DOORS: Readonly<Record<FrontDoor, string>> = {
  ...{ cli: 'command line', http: 'HTTP', kubernetes: 'Kubernetes', schedule: 'the schedule' },
  ...{ temporal: 'Temporal', itself: 'itself' },
};

/** `alice@desk, by command line: new disks`. */
export function actorText({ name, via, reason }: Actor): string {
  const who = name === null ? DOORS[via] : `${name}, by ${DOORS[via]}`;
  return reason === undefined ? who : `${who}: ${reason}`;
}

export function eventText({ text, target, sync }: EventEntry): string {
  if (sync && text === '') return syncText(sync).replace(/^\S+ /, '');
  return target === null || text.includes(target) ? text : `${target}: ${text}`;
}
