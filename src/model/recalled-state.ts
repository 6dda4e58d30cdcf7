/** What a relationship goes on from whose workflow was ended and that was applied again. Pure. */
import { endLost } from './events';
import { isSwitch } from './document-change';
import type { Instant } from './records';
import { recordTakeover } from './relationship-state';
import type { RelationshipState } from './relationship-state';
import type { Takeover } from './status';

/** A change of the primary begins one epoch, and one more where it is undone. */
const EPOCHS_OF_SWITCH = 2;

/**
 * The state that a relationship had when its workflow was ended, as it is now: nothing runs any more.
 * @param ended what came of the change of the primary that ran then; undefined where that was undone
 */
export function recalledState(
  old: RelationshipState,
  ended: { takeover: Takeover; epoch: number } | undefined,
  now: Instant,
): RelationshipState {
  const { operation, fetches: _fetches, drill: _ended, ...known } = old;
  const state: RelationshipState = { ...known };
  endLost(state, now);
  if (ended) recordTakeover(state, ended.takeover, ended.epoch);
  // Its hosts may have been told of epochs that nobody was left to remember.
  else if (operation && isSwitch(operation.kind)) state.epoch += EPOCHS_OF_SWITCH;
  // Whatever it missed.
  state.retryAt = now;
  state.retryTargets = [];
  state.notice = {
    text: 'Its workflow was ended, and it was brought back: it continues from what it knew then',
    sequence: state.sequence,
  };
  return state;
}
