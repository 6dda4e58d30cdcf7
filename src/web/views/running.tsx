/** An operation as it goes on. */
import { useEffect, useState } from 'preact/hooks';
import type { OperationView } from '../../api/operation-view';
import type { RelationshipStatus } from '../../model/status';
import { announce } from '../data/announce';
import type { ApiError } from '../data/api';
import { followOperation } from '../data/follow-operation';
import { relationshipHref } from '../model/address';
import { announcementOf, operationText, percentOf, toneOfOperation } from '../model/doing';
import { Icon, Section, Trouble, When } from './parts';

export function OperationCard({ view, isNamed = false }: { view: OperationView; isNamed?: boolean }) {
  const percent = percentOf(view);
  const tone = toneOfOperation(view);
  return (
    <article class={`operation tone-${tone}`}>
      <p class="operation-line">
        <Icon tone={tone} />
        {isNamed && <a href={relationshipHref(view.relationship)}>{view.relationship}</a>}
        <span>{operationText(view)}</span>
      </p>
      {view.state === 'running' && percent !== undefined && (
        <progress max="100" value={percent} aria-label={`${view.kind} of ${view.relationship}`} />
      )}
      {view.failure?.hint && <p class="quiet">{view.failure.hint}</p>}
      {view.state === 'failed' && view.failure && <p>{view.failure.message}</p>}
      <p class="quiet">
        began <When at={view.startedAt} />
        {view.targets && ` – for ${view.targets.join(', ')}`}
        {view.ui && (
          <>
            {' – '}
            <a href={view.ui} rel="noreferrer">
              its workflow
            </a>
          </>
        )}
      </p>
    </article>
  );
}

/** Followed until its end, of which it goes on to tell. */
function Followed({ workflowId }: { workflowId: string }) {
  const [view, setView] = useState<OperationView>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const stop = new AbortController();
    void followOperation(workflowId, setView, setError, stop.signal);
    return () => stop.abort();
  }, [workflowId]);
  const text = view && announcementOf(view);
  useEffect(() => {
    if (text !== undefined) announce(text);
  }, [text]);
  return (
    <li>
      {view && <OperationCard view={view} />}
      <Trouble error={error} />
    </li>
  );
}

/** What has ended stays for a while; no more of them than that. */
const MOST_ENDED = 3;

function runningIds({ operation, fetches = [], drill }: RelationshipStatus): string[] {
  return [operation, ...fetches, drill].flatMap((each) => (each ? [each.workflowId] : []));
}

/** What runs here, and what has run since somebody looked. */
export function Running({ status }: { status: RelationshipStatus }) {
  const [ids, setIds] = useState<string[]>([]);
  const running = runningIds(status);
  const key = running.join('\n');
  useEffect(() => {
    setIds((known) => {
      const ended = known.filter((id) => !running.includes(id));
      return [...running, ...ended.slice(0, MOST_ENDED)];
    });
  }, [key]);
  if (ids.length === 0) return null;
  return (
    <Section title={running.length > 0 ? 'Running now' : 'Has run'}>
      <ul class="cards">
        {ids.map((id) => (
          <Followed key={id} workflowId={id} />
        ))}
      </ul>
    </Section>
  );
}
