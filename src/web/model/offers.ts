/** What somebody is offered to do with a relationship: what their token and its state allow. Pure. */
import { type Action, CONFIRMED, roleFor, type WhoAmI } from '../../api/operation-view';
import type { RelationshipStatus } from '../../model/status';

export interface Offer {
  action: Action;
  title: string;
  /** Why it can't be asked for now, as far as is known here. */
  blocked?: string;
  isDangerous: boolean;
}

const TITLES: Readonly<Record<Action, string>> = {
  ...{
    approve: 'Approve',
    sync: 'Sync now',
    pause: 'Pause',
    resume: 'Resume',
    verify: 'Verify',
    drill: 'Drill',
  },
  ...{ cancel: 'Cancel what runs', failover: 'Fail over', relocate: 'Relocate', reverse: 'Reverse' },
};

export const titleOf = (action: Action): string => TITLES[action];

type Known = Pick<
  RelationshipStatus,
  'paused' | 'phase' | 'operation' | 'fetches' | 'drill' | 'approval' | 'takeover' | 'vanished'
>;

/** Those that make sense as it is now, the most urgent first. */
function sensible({ paused, phase, operation, fetches = [], drill, approval, takeover }: Known): Action[] {
  const isRunning = operation !== undefined || fetches.length > 0 || drill !== undefined;
  const waitsFor = operation?.waiting?.for;
  return [
    ...(approval || waitsFor === 'approve' || phase === 'WaitingForApproval' ? (['approve'] as const) : []),
    ...(paused || waitsFor === 'resume' || phase === 'Parked' ? (['resume'] as const) : []),
    ...(takeover ? (['reverse'] as const) : []),
    'sync',
    ...(paused ? [] : (['pause'] as const)),
    ...(['verify', 'drill'] as const),
    ...(isRunning ? (['cancel'] as const) : []),
    ...(['failover', 'relocate'] as const),
  ];
}

/** Nothing where the control worker only answers, or the token may only read. */
export function offersFor(who: WhoAmI | undefined, status: Known | undefined): Offer[] {
  if (!who?.actionsAllowed || !status) return [];
  const blocked = status.vanished ? { blocked: 'its workflow does not run' } : {};
  return sensible(status)
    .filter((action) => who.roles.includes(roleFor(action)))
    .map((action) => ({
      ...{ action, title: TITLES[action], isDangerous: CONFIRMED.includes(action) },
      ...(action === 'sync' && status.paused ? { blocked: 'it is paused' } : blocked),
    }));
}
