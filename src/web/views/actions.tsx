/** What somebody may have a relationship do. */
import { useState } from 'preact/hooks';
import type { Action, RelationshipView } from '../../api/operation-view';
import type { PointEntry } from '../../catalog/contract';
import { whoAmI } from '../data/session';
import { offersFor } from '../model/offers';
import { ActDialog } from './act-dialog';

interface ActionsProps {
  view: RelationshipView;
  points: readonly PointEntry[];
  onDone: () => void;
}

export function Actions({ view, points, onDone }: ActionsProps) {
  const [open, setOpen] = useState<Action>();
  const offers = offersFor(whoAmI.value, view.status);
  if (offers.length === 0) return null;
  return (
    <div class="actions" role="group" aria-label="Actions">
      {offers.map(({ action, title, blocked, isDangerous }) => (
        <button
          key={action}
          type="button"
          class={isDangerous ? 'danger' : action === 'approve' || action === 'resume' ? 'main' : ''}
          disabled={blocked !== undefined}
          title={blocked}
          onClick={() => setOpen(action)}
        >
          {title}
        </button>
      ))}
      {open && (
        <ActDialog
          key={open}
          action={open}
          view={view}
          points={points}
          close={(isDone) => {
            setOpen(undefined);
            if (isDone) onDone();
          }}
        />
      )}
    </div>
  );
}
