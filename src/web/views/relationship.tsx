/** One relationship: how it is, why, what it holds, what happened to it, and what can be done. */
import { useEffect } from 'preact/hooks';
import type { PointEntry, SyncEntry } from '../../catalog/contract';
import type { RelationshipView } from '../../api/operation-view';
import { relationshipPath } from '../../api/paths';
import { getJson } from '../data/api';
import { usePoll } from '../data/poll';
import { useAsAge } from '../data/shown';
import { doingText } from '../model/doing';
import { Actions } from './actions';
import { Attention } from './attention';
import { Drawing } from './drawing';
import { Drills } from './drills';
import { Labels } from './fleet-table';
import { History } from './history';
import { AsOf, Badge, Section, Trouble, When } from './parts';
import { Points } from './points';
import { PriceNow } from './price';
import { Running } from './running';
import { Spec } from './spec';
import { Syncs } from './syncs';
import { Targets } from './targets';
import { Why } from './why';

const EVERY_MS = 5000;
/** What changes with the status alone is asked for again when that has changed, and seldom besides. */
const SELDOM_MS = 120_000;

/** Changes with everything that the catalog may have more of. */
function stampOf(view: RelationshipView | undefined): string {
  if (!view) return '';
  const { sequence, phase, lastSync, lastDrill, targets } = view.status;
  const points = targets.map(({ recoveryPoint }) => recoveryPoint);
  return JSON.stringify([sequence, phase, lastSync?.syncId, lastDrill?.endedAt, points]);
}

function Head({ view, name }: { view: RelationshipView | undefined; name: string }) {
  return (
    <div class="head">
      <div>
        <p class="crumb">
          <a href="#/">Fleet</a>
        </p>
        <h1 tabIndex={-1}>{name}</h1>
        {view && (
          <p class="head-line">
            <Badge status={view.summary.status} /> <span>{view.summary.statusReason}</span>
          </p>
        )}
        {view && <Labels labels={view.summary.labels} />}
      </div>
      {view && (
        <dl class="facts">
          <dt>Now</dt>
          <dd>{doingText(view.summary)}</dd>
          <dt>Next sync</dt>
          <dd>
            <When at={view.summary.nextRun} />
          </dd>
          <dt>Epoch</dt>
          <dd>
            {view.summary.epoch}, {view.summary.direction}
          </dd>
          {view.ui && (
            <>
              <dt>Temporal</dt>
              <dd>
                <a href={view.ui} rel="noreferrer">
                  its workflow
                </a>
              </dd>
            </>
          )}
        </dl>
      )}
    </div>
  );
}

export function Relationship({ name }: { name: string }) {
  const path = (rest: string) => relationshipPath(name, rest);
  const poll = usePoll(name, (signal) => getJson<RelationshipView>(path(''), signal), { everyMs: EVERY_MS });
  const syncs = usePoll(name, (signal) => getJson<SyncEntry[]>(path('/history?limit=60'), signal), {
    everyMs: SELDOM_MS,
  });
  const points = usePoll(name, (signal) => getJson<PointEntry[]>(path('/points'), signal), {
    everyMs: SELDOM_MS,
  });
  useAsAge(poll);
  const view = poll.value.value;
  const stamp = stampOf(view);
  useEffect(() => {
    // The first answers are under way.
    if (stamp === '' || !syncs.at.peek()) return;
    void syncs.refresh();
    void points.refresh();
  }, [stamp]);
  const entries = syncs.value.value;
  return (
    <>
      <Head view={view} name={name} />
      {!view && <Trouble error={poll.error.value} />}
      {view && (
        <>
          <Attention view={view} />
          <Actions view={view} points={points.value.value ?? []} onDone={() => void poll.refresh()} />
          <Running status={view.status} />
          <Drawing summary={view.summary} />
          <Why status={view.status} syncs={entries} />
          <Targets summary={view.summary} status={view.status} />
        </>
      )}
      <Section title="Recovery points" aside={<AsOf at={points.at.value} error={points.error.value} />}>
        <Trouble error={points.error.value} />
        {points.value.value && <Points points={points.value.value} />}
      </Section>
      <Section title="Syncs" aside={<AsOf at={syncs.at.value} error={syncs.error.value} />}>
        <Trouble error={syncs.error.value} />
        {entries && <Syncs newest={entries} name={name} />}
      </Section>
      {view && (
        <div class="pair">
          <PriceNow name={name} targets={view.summary.targets.map((target) => target.name)} />
          <Drills status={view.status} />
        </div>
      )}
      <History name={name} stamp={stamp} />
      <Spec name={name} />
    </>
  );
}
