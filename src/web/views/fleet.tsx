/** How they all are: how many are bad, and which, the worst first. */
import type { FleetAnswer } from '../../api/fleet-answer';
import { getJson } from '../data/api';
import { now } from '../data/clock';
import { usePoll } from '../data/poll';
import { useAsAge } from '../data/shown';
import { countsPath, fleetHref, fleetPath, hasStates, type FleetFilter, PAGE_SIZE } from '../model/address';
import { momentText } from '../model/ages';
import { countText } from '../model/states';
import { FleetFilters } from './fleet-filters';
import { FleetStates } from './fleet-states';
import { FleetTable } from './fleet-table';
import { Notice } from './parts';

const EVERY_MS = 10_000;

/** Both at once; the counts are of all, whichever states are shown. */
async function askFleet(filter: FleetFilter, signal: AbortSignal) {
  const page = getJson<FleetAnswer>(fleetPath(filter), signal);
  const all = hasStates(filter) ? getJson<FleetAnswer>(countsPath(filter), signal) : page;
  const [answer, { counts }] = await Promise.all([page, all]);
  return { ...answer, all: counts };
}

function Pages({ filter, total }: { filter: FleetFilter; total: number }) {
  const { offset } = filter;
  const last = Math.min(total, offset + PAGE_SIZE);
  const link = (to: number, title: string, isThere: boolean) =>
    isThere ? (
      <a class="button" href={fleetHref({ ...filter, offset: Math.max(0, to) })}>
        {title}
      </a>
    ) : (
      <span class="button is-off" aria-hidden="true">
        {title}
      </span>
    );
  if (total <= PAGE_SIZE && offset === 0) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {link(offset - PAGE_SIZE, 'Previous', offset > 0)}
      <span>
        {last > offset ? `${countText(offset + 1)}–${countText(last)}` : 'none'} of {countText(total)}
      </span>
      {link(offset + PAGE_SIZE, 'Next', last < total)}
    </nav>
  );
}

function FleetTrouble({ trouble, checkedAt }: Pick<FleetAnswer, 'trouble' | 'checkedAt'>) {
  if (trouble === null) return null;
  return (
    <Notice tone="warn">
      {trouble}: this is what relationships told last
      {checkedAt === null
        ? ''
        : `; Temporal was last asked about them at ${momentText(checkedAt, now.value)}`}
      .
    </Notice>
  );
}

export function Fleet({ filter }: { filter: FleetFilter }) {
  const own = fleetHref(filter);
  const poll = usePoll(own, (signal) => askFleet(filter, signal), { everyMs: EVERY_MS, keepsValue: true });
  useAsAge(poll);
  const answer = poll.value.value;
  return (
    <>
      <h1 class="unseen" tabIndex={-1}>
        Fleet
      </h1>
      {answer && <FleetTrouble {...answer} />}
      <FleetStates counts={answer?.all} filter={filter} />
      <FleetFilters filter={filter} />
      {answer && (
        <>
          <FleetTable relationships={answer.relationships} isFiltered={own !== fleetHref()} />
          <Pages filter={filter} total={answer.counts.total} />
        </>
      )}
    </>
  );
}
