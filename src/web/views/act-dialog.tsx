/** Asks once more before a relationship does something; of a failover, with its price and the typed name. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Action, CONFIRMED, type RelationshipView } from '../../api/operation-view';
import type { PointEntry } from '../../catalog/contract';
import type { Price } from '../../model/price';
import { announce } from '../data/announce';
import { act, ApiError, makeKey } from '../data/api';
import { ACTION_TEXT, type Choice, DEFAULT_TARGET, makeBody, takesPoint, takesTarget } from '../model/act';
import { titleOf } from '../model/offers';
import { momentText } from '../model/ages';
import { now } from '../data/clock';
import { Trouble } from './parts';
import { AskedPrice } from './asked-price';

interface ActDialogProps {
  action: Action;
  view: RelationshipView;
  points: readonly PointEntry[];
  close: (isDone: boolean) => void;
}

interface ChoiceProps extends ActDialogProps {
  choice: Choice;
  change: (more: Partial<Choice>) => void;
}

/** More than the newest are found by `tidemark points`. */
const MOST_POINTS = 100;

function Choices({ action, view, points, choice, change }: ChoiceProps) {
  const targets = view.summary.targets.map(({ name }) => name);
  const own = points.filter(({ target }) => choice.target === '' || target === choice.target);
  return (
    <>
      {takesTarget(action) && targets.length > 1 && (
        <label class="field">
          <span>Target</span>
          <select
            value={choice.target}
            onChange={({ currentTarget: { value } }) => change({ target: value, pointId: '' })}
          >
            <option value="">{DEFAULT_TARGET[action] ?? 'by default'}</option>
            {targets.map((target) => (
              <option key={target} value={target}>
                {target}
              </option>
            ))}
          </select>
        </label>
      )}
      {takesPoint(action) && (
        <label class="field">
          <span>Recovery point</span>
          <select
            value={choice.pointId}
            onChange={({ currentTarget: { value } }) => change({ pointId: value })}
          >
            <option value="">the newest</option>
            {own.slice(0, MOST_POINTS).map((point) => (
              <option key={`${point.target} ${point.id}`} value={point.id}>
                {momentText(point.capturedAt, now.value)} at {point.target}
                {point.verified ? ', verified' : ''}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

function Accepts({ text, choice, change }: Pick<ChoiceProps, 'choice' | 'change'> & { text: string }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={choice.accepts}
        onChange={({ currentTarget: { checked } }) => change({ accepts: checked })}
      />
      {text}
    </label>
  );
}

const BOTH_CHANGED =
  'Go on where both sides have changed: what the old primary has for itself is kept as a point';

function Confirmation({ action, view, choice, change }: ChoiceProps) {
  const { name } = view.summary;
  const [isObjected, setObjected] = useState(false);
  // What was accepted was accepted of that price.
  const takePrice = ({ epoch, objections }: Price) => {
    setObjected(objections.length > 0);
    change({ accepts: false, ...(epoch !== undefined && { epoch }) });
  };
  return (
    <>
      {action === 'failover' && (
        <AskedPrice name={name} target={choice.target} point={choice.pointId} takePrice={takePrice} />
      )}
      {action === 'failover' && isObjected && (
        <Accepts text="Go on even so, with a copy that is not whole" {...{ choice, change }} />
      )}
      {action === 'reverse' && <Accepts text={BOTH_CHANGED} {...{ choice, change }} />}
      <label class="field">
        <span>
          Type <strong>{name}</strong> to confirm
        </span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={choice.confirm}
          onInput={({ currentTarget: { value } }) => change({ confirm: value })}
        />
      </label>
    </>
  );
}

export function ActDialog(props: ActDialogProps) {
  const { action, view, close } = props;
  const { name, epoch } = view.summary;
  const dialog = useRef<HTMLDialogElement>(null);
  const [choice, setChoice] = useState<Choice>({
    ...{ target: '', pointId: '', reason: '', confirm: '', accepts: false, epoch },
  });
  const [error, setError] = useState<ApiError>();
  const [isSending, setSending] = useState(false);
  // One decision, however often it is sent.
  const key = useRef(makeKey());
  useEffect(() => dialog.current?.showModal(), []);
  const change = (more: Partial<Choice>) => {
    key.current = makeKey();
    setChoice((before) => ({ ...before, ...more }));
  };
  const isConfirmed = !CONFIRMED.includes(action) || choice.confirm === name;
  const title = titleOf(action);
  const send = async () => {
    setSending(true);
    setError(undefined);
    try {
      const { pending } = await act(name, action, makeBody(action, choice), key.current);
      announce(`${title}: ${pending ? 'it waits for its turn' : 'accepted'}`);
      close(true);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(String(failure)));
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="act-title" onClose={() => close(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isConfirmed && !isSending) void send();
        }}
      >
        <h2 id="act-title">
          {title}: {name}
        </h2>
        <p>{ACTION_TEXT[action]}</p>
        <Choices {...props} {...{ choice, change }} />
        {CONFIRMED.includes(action) && <Confirmation {...props} {...{ choice, change }} />}
        <label class="field">
          <span>Why (optional, for the history)</span>
          <input
            type="text"
            maxLength={500}
            value={choice.reason}
            onInput={({ currentTarget: { value } }) => change({ reason: value })}
          />
        </label>
        <Trouble error={error} />
        <div class="buttons">
          <button
            type="submit"
            class={CONFIRMED.includes(action) ? 'danger' : 'main'}
            disabled={!isConfirmed || isSending}
          >
            {isSending ? 'Asking…' : title}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Don’t
          </button>
        </div>
      </form>
    </dialog>
  );
}
