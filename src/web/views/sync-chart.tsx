/** Bars of what each sync sent; below them, a dot for how long it took. */
import type { SyncEntry } from '../../catalog/contract';
import { describeSyncs, layoutSyncs, type Tick } from '../model/syncs';
import { useWidth } from './parts';

const BYTES_HEIGHT = 96;
const DURATION_HEIGHT = 46;
const GAP = 36;
const LABEL_WIDTH = 62;
const TOP = 26;
const BOTTOM = 22;

function Side({ ticks, width, title }: { ticks: readonly Tick[]; width: number; title: string }) {
  return (
    <g class="axis">
      <text class="axis-title" x={-LABEL_WIDTH} y={-13}>
        {title}
      </text>
      {ticks.map(({ at, text }) => (
        <g key={text}>
          <line x1="0" x2={width} y1={at} y2={at} />
          <text x="-8" y={at + 4} text-anchor="end">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}

export function SyncChart({ syncs }: { syncs: readonly SyncEntry[] }) {
  const { ref, width } = useWidth();
  const inner = Math.max(1, width - LABEL_WIDTH - 4);
  const chart = layoutSyncs(syncs, {
    ...{ width: inner, bytesHeight: BYTES_HEIGHT, durationHeight: DURATION_HEIGHT },
  });
  const second = TOP + BYTES_HEIGHT + GAP;
  const height = second + DURATION_HEIGHT + BOTTOM;
  return (
    <div class="chart">
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={describeSyncs(syncs)}>
            <g transform={`translate(${LABEL_WIDTH} ${TOP})`}>
              <Side ticks={chart.bytesTicks} width={inner} title="Sent" />
              {chart.bars.map(({ id, result, x, y, width: wide, height: high, text }) => (
                <g key={id} class={`bar result-${result}`}>
                  <title>{text}</title>
                  <rect x={x} y={y} width={wide} height={Math.max(1, high)} />
                  {result === 'failed' && (
                    <path
                      transform={`translate(${x + wide / 2} ${BYTES_HEIGHT - 7})`}
                      d="M-4-4L4 4M4-4L-4 4"
                    />
                  )}
                  {result === 'partial' && (
                    <path transform={`translate(${x + wide / 2} ${y - 6})`} d="M-4 2L0-4L4 2z" />
                  )}
                </g>
              ))}
            </g>
            <g transform={`translate(${LABEL_WIDTH} ${second})`}>
              <Side ticks={chart.durationTicks} width={inner} title="Took" />
              {chart.bars.map(({ id, result, x, width: wide, durationY, text }) => (
                <g key={id} class={`dot result-${result}`}>
                  <title>{text}</title>
                  <circle cx={x + wide / 2} cy={durationY} r="2.500" />
                </g>
              ))}
              <g class="axis">
                {chart.timeTicks.map(({ at, text }) => (
                  <text key={at} x={at} y={DURATION_HEIGHT + 18} text-anchor="middle">
                    {text}
                  </text>
                ))}
              </g>
            </g>
          </svg>
        )}
      </div>
    </div>
  );
}
