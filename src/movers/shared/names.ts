/** What the rsync mover calls its attempts and landings. */
import type { TransferId } from '../contract';

/** A sync's transfers and landings are named by the target, whichever sync it is. */
type Link = Omit<TransferId, 'syncId'>;

/** With the home, since agents of other homes on this machine may know a relationship of the same name. */
export function transferAttempt(home: string, { relationship, target }: Link): string {
  return `transfer:${relationship}:${target}:${home}`;
}

export function receiveAttempt(home: string, { relationship, target }: Link): string {
  return `receive:${relationship}:${target}:${home}`;
}

/** One landing per target: opening it for a later sync replaces the earlier one. */
export function landingId({ relationship, target }: Link): string {
  return `${relationship}/${target}`;
}

/** Where the target keeps, for as long as its landing is open, which files others wrote to. */
export function writtenPath(scratch: string, { relationship, target }: Link): string {
  return `${scratch}/written/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;
}

/** Where the target notes for which sync its landing is open. */
export function landingNotePath(home: string, { relationship, target }: Link): string {
  return `${home}/receives/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;
}
