/** How old the newest recovery point is, against what was promised. */
import type { TargetSummary } from '../../model/summary';
import { now } from '../data/clock';
import { lagNow, lagShare, lagText } from '../model/ages';

/** Marks at what was promised, and at twice that; its end is three times that, where a target is down. */
export function LagBar({ target }: { target: Pick<TargetSummary, 'capturedAt' | 'promised' | 'status'> }) {
  const lag = { lagSeconds: lagNow(target.capturedAt, now.value), promised: target.promised };
  return (
    <span class="lag">
      <span class="lag-text">{lagText(lag)}</span>
      <svg class={`lag-bar tone-${target.status}`} aria-hidden="true">
        <rect class="lag-back" width="100%" height="100%" rx="2" />
        <rect class="lag-fill" width={`${(100 * lagShare(lag)).toFixed(1)}%`} height="100%" rx="2" />
        {target.promised && ['33.3%', '66.6%'].map((x) => <line key={x} x1={x} x2={x} y1="0" y2="100%" />)}
      </svg>
    </span>
  );
}
