/** What metrics say of all relationships, and of hosts. Pure. */
import { HEALTHS } from '../../model/health';
import { statusOf } from '../fleet/known-states';
import type { FleetNow } from '../fleet/fleet';
import type { HostSeen } from '../../api/host-seen';
import type { Sums } from './catalog-sums';
import { FLEET, RELATIONSHIP } from './definitions';
import { describeRelationship } from './describe-relationship';
import type { Definition, Exposition } from './exposition';
import type { RunningProgress } from './running-progress';

export interface FleetToDescribe extends FleetNow {
  sumsOf: (name: string) => Sums;
  running: readonly RunningProgress[];
  /** Labels of relationships that are told, too: nobody else's, for each value is a series. */
  labelNames: readonly string[];
  nowMs: number;
}

export function describeFleet(page: Exposition, fleet: FleetToDescribe): void {
  const { states, checkedAt, trouble, sumsOf, running, nowMs } = fleet;
  const counts = new Map(HEALTHS.map((health) => [health as string, 0]));
  for (const entry of states.values()) {
    const { status } = describeRelationship(page, {
      ...{ entry, nowMs, sums: sumsOf(entry.name) },
      ...(trouble !== null && { unanswered: trouble }),
    });
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  describeLabels(page, fleet);
  for (const { relationship, kind, bytesDone, bytesTotal } of running) {
    page.add(RELATIONSHIP.operationDone, [relationship, kind], bytesDone);
    if (bytesTotal !== undefined) page.add(RELATIONSHIP.operationSize, [relationship, kind], bytesTotal);
  }
  for (const [status, count] of counts) page.add(FLEET.relationships, [status], count);
  if (checkedAt !== null) page.add(FLEET.checked, [], Date.parse(checkedAt) / 1000);
  page.add(FLEET.trouble, [], trouble === null ? 0 : 1);
}

/** `app.kubernetes.io/name` is `label_app_kubernetes_io_name`. */
export function labelDefinition(labelNames: readonly string[]): Definition {
  const labels = labelNames.map((name) => `label_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`);
  return {
    name: 'tidemark_relationship_labels',
    type: 'gauge',
    help: '1, with the labels of its spec that --metric-labels names.',
    labels: ['relationship', ...labels],
  };
}

function describeLabels(page: Exposition, { states, labelNames }: FleetToDescribe): void {
  if (labelNames.length === 0) return;
  const definition = labelDefinition(labelNames);
  for (const entry of states.values()) {
    const { labels } = statusOf(entry).document.metadata;
    const values = labelNames.map((name) => labels[name] ?? '');
    if (values.some((value) => value !== '')) page.add(definition, [entry.name, ...values], 1);
  }
}

export function describeHosts(page: Exposition, hosts: readonly HostSeen[]): void {
  // Of one that nobody needs, none is missed.
  for (const { name, seen, lastSeenAt } of hosts.filter(({ named }) => named)) {
    page.add(FLEET.agentSeen, [name], seen ? 1 : 0);
    if (lastSeenAt) page.add(FLEET.agentLastSeen, [name], Date.parse(lastSeenAt) / 1000);
  }
}
