/** The states by which a fleet is counted and filtered, the worst first. Pure. */
import { WAITING_PHASES } from '../../model/choose-relationships';
import type { FleetAnswer } from '../../api/fleet-answer';
import type { Health } from '../../model/health';
import type { Phase } from '../../model/status';
import type { FleetFilter } from './address';

/** As what something is painted. */
export type Tone = Health | 'wait' | 'switch' | 'plain' | 'run';

export interface FleetState {
  key: string;
  title: string;
  /** What is counted there, in a few words. */
  meaning: string;
  tone: Tone;
  filter: Pick<FleetFilter, 'status' | 'phase'>;
}

const RUNNING: Phase[] = ['Syncing', 'Verifying', 'Restoring', 'FailingOver', 'Relocating', 'Reversing'];

const byStatus = (status: Health) => ({ status: [status], phase: [] });
const byPhase = (...phase: Phase[]) => ({ status: [], phase });

export const FLEET_STATES: readonly FleetState[] = [
  ...([
    {
      key: 'down',
      title: 'Down',
      meaning: 'not protected as promised',
      tone: 'down',
      filter: byStatus('down'),
    },
    {
      key: 'warn',
      title: 'Warning',
      meaning: 'late, or the last sync failed',
      tone: 'warn',
      filter: byStatus('warn'),
    },
    {
      key: 'waiting',
      title: 'Waiting',
      meaning: 'for a person or a host',
      tone: 'wait',
      filter: byPhase(...WAITING_PHASES),
    },
    {
      key: 'failedOver',
      title: 'Failed over',
      meaning: 'the old primary is no copy yet',
      tone: 'switch',
      filter: byPhase('FailedOver'),
    },
    { key: 'paused', title: 'Paused', meaning: 'nothing starts', tone: 'plain', filter: byPhase('Paused') },
    {
      key: 'running',
      title: 'Running',
      meaning: 'something is under way',
      tone: 'run',
      filter: byPhase(...RUNNING),
    },
    { key: 'up', title: 'Up', meaning: 'as fresh as promised', tone: 'up', filter: byStatus('up') },
  ] as const satisfies FleetState[]),
];

/** How many are so. */
export function countOf({ filter }: FleetState, counts: FleetAnswer['counts']): number {
  const phases: Partial<Record<string, number>> = counts.phase;
  return (
    filter.status.reduce((sum, each) => sum + counts.status[each], 0) +
    filter.phase.reduce((sum, each) => sum + (phases[each] ?? 0), 0)
  );
}

const sameSet = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((each) => other.includes(each));

/** Whether exactly those are shown that are so. */
export function isShown({ filter }: FleetState, { status, phase }: FleetFilter): boolean {
  return sameSet(filter.status, status) && sameSet(filter.phase, phase);
}

/** `WaitingForApproval` as `waiting for approval`. */
export function phaseText(phase: string): string {
  return phase.replaceAll(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}

export const HEALTH_TEXT: Readonly<Record<Health, string>> = { up: 'Up', warn: 'Warning', down: 'Down' };

/** `10,000` */
export const countText = (count: number): string => count.toLocaleString('en');
