/** Relationships, a line each; on a narrow screen, a card each. */
import type { RelationshipSummary } from '../../model/summary';
import { relationshipHref } from '../model/address';
import { doingText } from '../model/doing';
import { worstTarget } from '../model/worst';
import { LagBar } from './lag-bar';
import { Badge, When } from './parts';

/** More labels than that are told by their number. */
const MOST_LABELS = 4;

export function Labels({ labels }: Pick<RelationshipSummary, 'labels'>) {
  const all = Object.entries(labels);
  if (all.length === 0) return null;
  return (
    <span class="labels">
      {all.slice(0, MOST_LABELS).map(([key, value]) => (
        <span key={key} class="label">
          {value === '' ? key : `${key}=${value}`}
        </span>
      ))}
      {all.length > MOST_LABELS && <span class="quiet">+{all.length - MOST_LABELS}</span>}
    </span>
  );
}

function Route({ source, targets }: Pick<RelationshipSummary, 'source' | 'targets'>) {
  const [first, ...more] = targets;
  return (
    <>
      {source.host} <span class="quiet">→</span> {first?.name ?? <span class="quiet">no host yet</span>}
      {more.length > 0 && <span class="quiet"> +{more.length}</span>}
    </>
  );
}

function Row({ summary }: { summary: RelationshipSummary }) {
  const { name, status, statusReason, lastSync, nextRun } = summary;
  const worst = worstTarget(summary);
  return (
    <tr class={`row-${status}`}>
      <td class="cell-status">
        <Badge status={status} />
      </td>
      <th scope="row" class="cell-name">
        <a href={relationshipHref(name)}>{name}</a>
        <Labels labels={summary.labels} />
        {status !== 'up' && <span class="reason">{statusReason}</span>}
      </th>
      <td class="cell-lag">{worst ? <LagBar target={worst} /> : <span class="quiet">–</span>}</td>
      <td class="cell-route" data-title="Route">
        <Route {...summary} />
      </td>
      <td class="cell-doing" data-title="Now">
        {doingText(summary)}
      </td>
      <td class="cell-last" data-title="Last sync">
        {lastSync ? (
          <>
            {lastSync.result} <When at={lastSync.endedAt} />
          </>
        ) : (
          <span class="quiet">never</span>
        )}
      </td>
      <td class="cell-next" data-title="Next">
        <When at={nextRun} />
      </td>
    </tr>
  );
}

interface FleetTableProps {
  relationships: readonly RelationshipSummary[];
  isFiltered: boolean;
}

export function FleetTable({ relationships, isFiltered }: FleetTableProps) {
  if (relationships.length === 0) {
    return (
      <p class="empty">
        {isFiltered ? (
          'No relationship is so.'
        ) : (
          <>
            There is no relationship yet: <code>tidemark apply -f FILE</code> makes one.
          </>
        )}
      </p>
    );
  }
  return (
    <table class="fleet">
      <caption class="unseen">Relationships</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Relationship</th>
          <th scope="col">Lag against objective</th>
          <th scope="col">Route</th>
          <th scope="col">Now</th>
          <th scope="col">Last sync</th>
          <th scope="col">Next</th>
        </tr>
      </thead>
      <tbody>
        {relationships.map((summary) => (
          <Row key={summary.name} summary={summary} />
        ))}
      </tbody>
    </table>
  );
}
