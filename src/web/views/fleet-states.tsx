/** How many are of each state; a click shows those alone. */
import type { FleetAnswer } from '../../api/fleet-answer';
import { fleetHref, type FleetFilter } from '../model/address';
import { countOf, countText, FLEET_STATES, type FleetState, isShown } from '../model/states';
import { Icon } from './parts';

const HEALTHS = ['down', 'warn', 'up'] as const;

/** One of ten thousand is seen, too: percent of the width. */
const LEAST_SHARE = 0.4;

/** Their shares, as one line: the words beside it say the same. */
function Shares({ counts: { total, status } }: { counts: FleetAnswer['counts'] }) {
  let x = 0;
  return (
    <svg class="shares" aria-hidden="true">
      {HEALTHS.map((health) => {
        const width = status[health] === 0 ? 0 : Math.max(LEAST_SHARE, (100 * status[health]) / total);
        const rect = (
          <rect key={health} class={`tone-${health}`} x={`${x}%`} width={`${width}%`} height="100%" />
        );
        x += width;
        return rect;
      })}
    </svg>
  );
}

interface StateLinkProps {
  href: string;
  isOn: boolean;
  count: number | undefined;
  title: string;
  state?: FleetState;
}

function StateLink({ href, isOn, count, title, state }: StateLinkProps) {
  const tone = state ? ` tone-${state.tone}` : '';
  return (
    <li>
      <a
        class={`state${tone}${count ? '' : ' is-none'}`}
        href={href}
        aria-current={isOn ? 'true' : undefined}
        title={state?.meaning}
      >
        <span class="state-count">{count === undefined ? '–' : countText(count)}</span>
        <span class="state-title">
          {state && <Icon tone={state.tone} />}
          {title}
        </span>
      </a>
    </li>
  );
}

interface FleetStatesProps {
  counts: FleetAnswer['counts'] | undefined;
  filter: FleetFilter;
}

export function FleetStates({ counts, filter }: FleetStatesProps) {
  const all = { ...filter, status: [], phase: [], offset: 0 };
  return (
    <section class="states" aria-label="How many are how">
      <ul>
        <StateLink
          href={fleetHref(all)}
          isOn={filter.status.length + filter.phase.length === 0}
          count={counts?.total}
          title="All"
        />
        {FLEET_STATES.map((state) => {
          const isOn = isShown(state, filter);
          return (
            <StateLink
              key={state.key}
              href={fleetHref(isOn ? all : { ...all, ...state.filter })}
              count={counts && countOf(state, counts)}
              title={state.title}
              {...{ isOn, state }}
            />
          );
        })}
      </ul>
      {counts && <Shares counts={counts} />}
    </section>
  );
}
