/** Lines and words of an axis below a chart. */
import type { Tick } from '../model/syncs';

interface AxisProps {
  ticks: readonly Tick[];
  left: number;
  height: number;
}

export function AgeAxis({ ticks, left, height }: AxisProps) {
  return (
    <g class="axis" transform={`translate(${left} 0)`}>
      {ticks.map(({ at, text }) => (
        <g key={text}>
          <line x1={at} x2={at} y1="0" y2={height - 18} />
          <text x={at} y={height - 4} text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}
