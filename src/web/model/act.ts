/** What is sent for each action. Pure. */
import { type Action, CONFIRMED } from '../../api/operation-view';

/** What somebody chose in the dialog; empty text stands for the default. */
export interface Choice {
  target: string;
  pointId: string;
  reason: string;
  confirm: string;
  /** Of a failover, an incomplete copy; of a reverse, that both sides changed. */
  accepts: boolean;
  /** As they saw it. */
  epoch: number;
}

export const takesTarget = (action: Action) =>
  ['sync', 'verify', 'drill', 'failover', 'relocate'].includes(action);
export const takesPoint = (action: Action) => ['verify', 'drill', 'failover'].includes(action);

/** Which target it is for where nobody chooses one. */
export const DEFAULT_TARGET: Readonly<Partial<Record<Action, string>>> = {
  ...{ sync: 'all of them', verify: 'the first', drill: 'the freshest', failover: 'the freshest' },
};

export function makeBody(action: Action, choice: Choice): Record<string, unknown> {
  const { target, pointId, reason, confirm, accepts, epoch } = choice;
  const isTargeted = takesTarget(action) && target !== '';
  return {
    ...(isTargeted && (action === 'sync' ? { targets: [target] } : { target })),
    ...(takesPoint(action) && pointId !== '' && { pointId }),
    ...(CONFIRMED.includes(action) && { confirm, epoch }),
    ...(action === 'failover' && accepts && { acceptIncomplete: true }),
    ...(action === 'reverse' && accepts && { acceptDiverged: true }),
    ...(reason.trim() !== '' && { reason: reason.trim() }),
  };
}

export const ACTION_TEXT: Readonly<Record<Action, string>> = {
  sync: 'Copies now, whatever the schedule says.',
  pause: 'Nothing starts any more until somebody resumes it. The lag grows meanwhile.',
  resume: 'The schedule counts again; what waits is tried again.',
  approve: 'Lets through what a guard stopped, or what waits for approval.',
  verify:
    'Compares a recovery point with the source, or reads it back whole. It takes long, and harms nothing.',
  drill: 'Rehearses a failover on a clone. The primary and its copies stay as they are.',
  cancel: 'Ends the operation that runs: it is undone, or finished where it can’t be.',
  failover:
    'A target becomes the primary, the present one being lost or given up. What was never copied is lost.',
  relocate: 'A target becomes the primary, with both sides well: loses nothing, or changes nothing.',
  reverse: 'The old primary becomes a target: it is brought into step with the new one.',
};
