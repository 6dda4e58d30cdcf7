/** The fixed texts that Temporal shows of a workflow: what it is, for somebody who has never seen Tidemark. */
import { targetName, volumePath } from './endpoints';
import { formatSelector } from './host-selector';
import { code, page } from './markdown';
import type { SyncRecord } from './records';
import { isSelecting } from './selections';
import type { Relationship } from './spec';
import type { OperationKind } from './status';

/** Temporal refuses a summary of more than 400 bytes, its own wrapping included. */
const MAX_SUMMARY_BYTES = 300;

/** Why an operation runs, in words. */
const REASONS: Record<SyncRecord['reason'], string> = {
  created: 'the first one',
  schedule: 'on schedule',
  request: 'on request',
  retry: 'again, after one that failed',
  changed: 'for what the spec has added',
  approved: 'approved',
  relocation: 'the last one before the primary moves',
  reversed: 'the first one in the new direction',
  switched: 'the first one from the new primary',
};

export function describeReason(reason: SyncRecord['reason']): string {
  return REASONS[reason];
}

function utf8Length(text: string): number {
  return [...text].reduce((sum, char) => {
    const point = char.codePointAt(0) ?? 0;
    return sum + (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4);
  }, 0);
}

/** A summary that Temporal accepts, whatever path is in it: on one line, and cut in the middle where it is too long. */
export function toSummary(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  if (utf8Length(line) <= MAX_SUMMARY_BYTES) return line;
  const chars = [...line];
  let half = Math.floor(MAX_SUMMARY_BYTES / 2);
  const cut = () => `${chars.slice(0, half).join('')}…${chars.slice(-half).join('')}`;
  while (utf8Length(cut()) > MAX_SUMMARY_BYTES) half--;
  return cut();
}

/** What a relationship was made for, on one line. Written once: its direction and its spec may change. */
export function relationshipSummary({ spec }: Relationship): string {
  const hosts = spec.targets.map((target) =>
    isSelecting(target) ? `hosts with ${formatSelector(target.hostSelector ?? {})}` : target.host,
  );
  return toSummary(
    `Made to keep ${spec.source.host}:${volumePath(spec.source)} copied to ${[...new Set(hosts)].join(', ')}`,
  );
}

/** What a relationship does and how to steer it. Written once, so it says nothing that may change. */
export function relationshipDetails(name: string): string {
  return page(relationshipGuide(name));
}

/** The same, as blocks of a page. */
export function relationshipGuide(name: string): string[] {
  return [
    `This workflow is the relationship ${code(name)}: it keeps copies of one volume, its source, on other hosts, its targets. It runs for as long as the relationship exists, and starts every sync as a child workflow (tab Relationships). **Current Details** say how it is, what is wrong and what to do.`,
    `When it syncs is a Schedule of the same name (page Schedules).`,
    [
      `Steer it with ${code('tidemark')}, or from here with More Actions, Send a Signal:`,
      `- ${code('sync')}: copy now; ${code('verify')}: compare a recovery point with the source`,
      `- ${code('pause')}, ${code('resume')}: stop syncing, go on`,
      `- ${code('approve')}: let through what a guard has stopped, or a failover that waits for it`,
      `- ${code('failover')}, ${code('relocate')}, ${code('reverse')}: make a target the primary; move there without loss; replicate back`,
      `- ${code('drill')}: rehearse a failover on a clone; ${code('cancel')}: cancel the running operation`,
      `- ${code('retire')}: end the relationship; all data stays`,
    ].join('\n\n'),
    `All past syncs: ${code(`tidemark history ${name}`)}. To bring data back: ${code(`tidemark points ${name}`)}, then ${code(`tidemark restore ${name}`)}.`,
  ];
}

const VERBS: Record<OperationKind | 'drill', string> = {
  sync: 'Sync',
  verify: 'Verify',
  restore: 'Restore from',
  failover: 'Fail over',
  relocate: 'Relocate',
  reverse: 'Reverse',
  drill: 'Drill a failover of',
};

/** One line for an operation. `targets` are named where the operation leaves some out. */
export function operationSummary(
  kind: OperationKind | 'drill',
  name: string,
  reason: SyncRecord['reason'],
  targets?: readonly string[],
): string {
  const only = targets ? `, to ${targets.join(', ')} alone` : '';
  const why = kind === 'sync' ? `: ${describeReason(reason)}${only}` : '';
  return toSummary(`${VERBS[kind]} ${name}${why}`);
}

/** What the steps of a sync are. */
export const SYNC_DETAILS = page([
  `One sync: look at both sides; freeze the source where the spec says so; at each target open a landing (an SSH door for this sync alone), transfer, publish a recovery point and remove those that retention no longer keeps. Each target has its own fate.`,
  `How far a transfer is: tab Pending Activities, Heartbeat Details.`,
]);

/** One line on what a Schedule does, and how it is changed. */
export function scheduleNote({ metadata, spec }: Relationship, paused: boolean): string {
  const { name } = metadata;
  const { source, targets } = spec;
  const how = paused
    ? `Paused: tidemark resume ${name}`
    : `Kept in step with the spec: change it with tidemark apply, stop it with tidemark pause ${name}`;
  return `Syncs ${source.host}:${volumePath(source)} to ${targets.map(targetName).join(', ')}. ${how}`;
}
