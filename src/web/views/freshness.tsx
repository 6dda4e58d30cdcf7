/** How old what is shown is, and that the control worker does not answer. */
import { second } from '../data/clock';
import { isTokenWanted } from '../data/session';
import { mainPoll } from '../data/shown';
import { ageText, momentText } from '../model/ages';

export function Freshness() {
  const poll = mainPoll.value;
  const at = poll?.at.value;
  if (!poll || isTokenWanted.value) return null;
  if (at === undefined) return <span class="fresh quiet">{poll.error.value ? '' : 'asking…'}</span>;
  return (
    <span class="fresh quiet" title={`as of ${momentText(at, second.value)}`}>
      {ageText(Math.min(at, second.value), second.value)}
    </span>
  );
}

/** What is shown can't be renewed: said once, with its age. */
export function Banner() {
  const poll = mainPoll.value;
  const error = poll?.error.value;
  if (!poll || !error || isTokenWanted.value) return null;
  const [at, nextAt, nowMs] = [poll.at.value, poll.nextAt.value, second.value];
  return (
    <div class="banner tone-warn">
      <p>
        <strong role="alert">
          {error.message}.{error.hint ? ` ${error.hint}.` : ''}
        </strong>{' '}
        {at === undefined
          ? 'Nothing is known yet.'
          : `What you see is of ${momentText(at, nowMs)}, ${ageText(at, nowMs)}.`}{' '}
        {nextAt !== undefined && `Next try ${nextAt - nowMs < 2000 ? 'now' : ageText(nextAt, nowMs)}.`}
      </p>
      <button type="button" onClick={() => void poll.refresh()}>
        Try now
      </button>
    </div>
  );
}
