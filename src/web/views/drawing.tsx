/** The source and its targets, and how old each copy is. */
import type { RelationshipSummary } from '../../model/summary';
import { now } from '../data/clock';
import { formatAge, lagNow } from '../model/ages';
import { type Box, type DrawnTarget, fitText, layoutDrawing } from '../model/drawing';
import { HEALTH_TEXT } from '../model/states';
import { useWidth } from './parts';

const TITLE_CHAR = 8.1;
const TEXT_CHAR = 6.9;
const PAD = 14;

interface NodeProps {
  box: Box;
  title: string;
  text: string;
  mark: string;
  tone: string;
}

function Node({ box: { x, y, width, height }, title, text, mark, tone }: NodeProps) {
  const room = width - 2 * PAD;
  return (
    <g class={`node ${tone}`}>
      <title>{`${title} ${text}`}</title>
      <rect {...{ x, y, width, height }} rx="8" />
      <rect class="node-edge" {...{ x, y, height }} width="4" rx="2" />
      <text class="node-title" x={x + PAD} y={y + 25}>
        {fitText(title, room - mark.length * 6.5, TITLE_CHAR)}
      </text>
      <text class="node-mark" x={x + width - PAD} y={y + 25} text-anchor="end">
        {mark}
      </text>
      <text class="node-text" x={x + PAD} y={y + 50}>
        {fitText(text, room, TEXT_CHAR)}
      </text>
    </g>
  );
}

function Flow({ drawn: { path, flow, target }, nowMs }: { drawn: DrawnTarget; nowMs: number }) {
  const lag = lagNow(target.capturedAt, nowMs);
  return (
    <g class={`flow flow-${flow} tone-${target.status}`}>
      <path d={path} marker-end={`url(#arrow-${target.status})`} />
      <title>{lag === null ? 'never synced' : `lag ${formatAge(lag * 1000)}`}</title>
    </g>
  );
}

/** What it says, to whoever can't see it. */
function describe({ source, targets }: RelationshipSummary, nowMs: number): string {
  const each = targets.map(({ name, status, capturedAt }) => {
    const lag = lagNow(capturedAt, nowMs);
    return `${name}: ${HEALTH_TEXT[status]}, ${lag === null ? 'never synced' : `lag ${formatAge(lag * 1000)}`}`;
  });
  return `${source.host} is copied to ${each.join('; ') || 'nobody yet'}`;
}

export function Drawing({ summary }: { summary: RelationshipSummary }) {
  const { ref, width } = useWidth();
  const nowMs = now.value;
  const { source, targets } = summary;
  const drawing = width > 0 ? layoutDrawing(summary, width) : undefined;
  return (
    <div class="drawing" ref={ref}>
      {drawing && (
        <svg
          width={drawing.width}
          height={drawing.height}
          viewBox={`0 0 ${drawing.width} ${drawing.height}`}
          role="img"
          aria-label={describe(summary, nowMs)}
        >
          <defs>
            {(['up', 'warn', 'down'] as const).map((status) => (
              <marker
                key={status}
                id={`arrow-${status}`}
                class={`tone-${status}`}
                markerWidth="8"
                markerHeight="8"
                refX="1"
                refY="4"
                orient="auto"
                markerUnits="userSpaceOnUse"
              >
                <path d="M0 0L8 4L0 8z" />
              </marker>
            ))}
          </defs>
          {drawing.targets.map((drawn) => (
            <Flow key={drawn.target.name} {...{ drawn, nowMs }} />
          ))}
          <Node
            box={drawing.source}
            title={source.host}
            text={source.volume}
            mark="primary"
            tone="tone-primary"
          />
          {drawing.targets.map(({ target, box }) => {
            const lag = lagNow(target.capturedAt, nowMs);
            const mark = lag === null ? 'never synced' : `lag ${formatAge(lag * 1000)}`;
            return (
              <Node
                key={target.name}
                box={box}
                title={target.name}
                text={target.volume}
                mark={mark}
                tone={`tone-${target.status}`}
              />
            );
          })}
        </svg>
      )}
      {targets.length === 0 && <p class="quiet">{summary.statusReason}</p>}
      {drawing && drawing.hidden > 0 && (
        <p class="quiet">These are the worst; {drawing.hidden} more are in the table below.</p>
      )}
    </div>
  );
}
