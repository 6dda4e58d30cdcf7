/** What can be brought back: recovery points on an axis of ages, what keeps each, and whether it was verified. */
import { useState } from 'preact/hooks';
import type { PointEntry } from '../../catalog/contract';
import { formatBytes } from '../../model/units';
import { now } from '../data/clock';
import { leftOutText } from '../model/left-out-text';
import {
  describePoints,
  KEEPER_TEXT,
  KEEPERS,
  keeperOf,
  layoutPoints,
  type PointMark,
} from '../model/points';
import { AgeAxis } from './age-axis';
import { Table, useWidth, When } from './parts';

const LANE_HEIGHT = 34;
const LABEL_WIDTH = 84;
/** The table shows so many more at each click. */
const ROWS = 8;

/** A shape for each kind of rule: a diamond diverged, a square is kept for long, a dot for a while. */
function Mark({ mark: { point, keeper, x, isNewest }, y }: { mark: PointMark; y: number }) {
  const size = isNewest ? 6 : 4.5;
  const kind = `mark keeper-${keeper}${isNewest ? ' is-newest' : ''}`;
  const isSquare = keeper === 'yearly' || keeper === 'monthly' || keeper === 'weekly';
  return (
    <g class={kind} transform={`translate(${x} ${y})`}>
      <title>{`${point.id}: ${point.keptBecause.join(', ')}${point.verified ? ', verified' : ''}`}</title>
      {keeper === 'diverged' ? (
        <path d="M0-6.500L6.500 0L0 6.500L-6.500 0z" />
      ) : isSquare ? (
        <rect x={-size} y={-size} width={2 * size} height={2 * size} rx="1" />
      ) : (
        <circle r={size} />
      )}
      {point.verified && <path class="mark-verified" d="M-3.500 11l2.500 2.500l5-5" />}
      {point.torn && <path class="mark-torn" d="M-6-6L6 6M6-6L-6 6" />}
    </g>
  );
}

function Chart({ points, targets }: { points: readonly PointEntry[]; targets: readonly string[] }) {
  const { ref, width } = useWidth();
  const label = width < 480 ? 0 : LABEL_WIDTH;
  const inner = Math.max(0, width - label - 24);
  const { lanes, ticks } = layoutPoints(points, targets, now.value, Math.max(1, inner));
  const head = label === 0 ? 16 : 0;
  const lane = LANE_HEIGHT + head;
  const height = lanes.length * lane + 22;
  return (
    <div class="chart">
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={describePoints(points)}>
            <AgeAxis ticks={ticks} left={label + 8} height={height} />
            {lanes.map(({ target, marks }, index) => {
              const y = index * lane + head + LANE_HEIGHT / 2 - 3;
              return (
                <g key={target}>
                  <text class="lane-title" x={0} y={label === 0 ? index * lane + 12 : y + 4}>
                    {target.slice(0, 12)}
                  </text>
                  <line class="lane-line" x1={label + 8} x2={label + 8 + inner} y1={y} y2={y} />
                  <g transform={`translate(${label + 8} 0)`}>
                    {marks.map((mark) => (
                      <Mark key={mark.point.id} mark={mark} y={y} />
                    ))}
                  </g>
                </g>
              );
            })}
          </svg>
        )}
      </div>
    </div>
  );
}

function Legend({ points }: { points: readonly PointEntry[] }) {
  const there = KEEPERS.filter((keeper) => points.some((point) => keeperOf(point) === keeper));
  return (
    <p class="legend quiet">
      {there.map((keeper) => (
        <span key={keeper}>
          <svg viewBox="-8 -8 16 16" class={`mark keeper-${keeper}`} aria-hidden="true">
            {keeper === 'diverged' ? (
              <path d="M0-6.500L6.500 0L0 6.500L-6.500 0z" />
            ) : keeper === 'yearly' || keeper === 'monthly' || keeper === 'weekly' ? (
              <rect x="-5" y="-5" width="10" height="10" rx="1" />
            ) : (
              <circle r="5" />
            )}
          </svg>
          {KEEPER_TEXT[keeper]}
        </span>
      ))}
      {points.some(({ verified }) => verified) && <span>✓ verified</span>}
    </p>
  );
}

function Row({ point }: { point: PointEntry }) {
  return (
    <tr>
      <th scope="row">
        <When at={point.capturedAt} isMoment /> <span class="quiet">({<When at={point.capturedAt} />})</span>
      </th>
      <td>{point.target}</td>
      <td>{point.keptBecause.join(', ') || '–'}</td>
      <td>{point.torn ? 'may not be whole' : point.verified ? <When at={point.verified} /> : 'never'}</td>
      <td>{formatBytes(point.bytes)}</td>
      <td>{point.files.toLocaleString('en')}</td>
      <td>{leftOutText(point.leftOut)}</td>
      <td>
        <code>{point.id}</code>
      </td>
    </tr>
  );
}

export function Points({ points }: { points: readonly PointEntry[] }) {
  const [shown, setShown] = useState(ROWS);
  if (points.length === 0) return <p class="quiet">There is nothing to go back to yet.</p>;
  const targets = [...new Set(points.map(({ target }) => target))].toSorted();
  const inOrder = points.toSorted((one, other) => Date.parse(other.capturedAt) - Date.parse(one.capturedAt));
  return (
    <>
      <Chart points={points} targets={targets} />
      <Legend points={points} />
      <Table label="Table of recovery points">
        <thead>
          <tr>
            <th scope="col">Captured</th>
            <th scope="col">Target</th>
            <th scope="col">Kept because</th>
            <th scope="col">Verified</th>
            <th scope="col">Size</th>
            <th scope="col">Entries</th>
            <th scope="col">Left out</th>
            <th scope="col">Point</th>
          </tr>
        </thead>
        <tbody>
          {inOrder.slice(0, shown).map((point) => (
            <Row key={`${point.target} ${point.id}`} point={point} />
          ))}
        </tbody>
      </Table>
      {shown < points.length && (
        <button type="button" class="plain" onClick={() => setShown(shown + 5 * ROWS)}>
          Show more: {points.length - shown} are left
        </button>
      )}
    </>
  );
}
