/** Where the source and its targets are drawn, and what is written there. Pure. */
import type { RelationshipSummary, TargetSummary } from '../../model/summary';

/** More would be a wall: the worst are drawn, and the table has them all. */
export const MOST_DRAWN = 8;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DrawnTarget {
  target: TargetSummary;
  box: Box;
  /** Of the line from the source. */
  path: string;
  /** How the line is drawn: data flows, it is as it should be, or nothing comes through. */
  flow: 'moving' | 'calm' | 'broken';
}

export interface Drawing {
  width: number;
  height: number;
  source: Box;
  targets: DrawnTarget[];
  /** So many are not drawn. */
  hidden: number;
}

const NARROW = 560;
const HEIGHT = 72;
const GAP = 14;
const RANK = { down: 0, warn: 1, up: 2 } as const;

function chooseTargets(targets: readonly TargetSummary[]): TargetSummary[] {
  if (targets.length <= MOST_DRAWN) return [...targets];
  return targets.toSorted((one, other) => RANK[one.status] - RANK[other.status]).slice(0, MOST_DRAWN);
}

function flowOf(
  { phase, takeover, vanished }: RelationshipSummary,
  target: TargetSummary,
): DrawnTarget['flow'] {
  const isCutOff = takeover?.from === target.name || vanished !== null;
  if (isCutOff || target.result === 'never' || target.status === 'down') return 'broken';
  return phase === 'Syncing' ? 'moving' : 'calm';
}

/** Beside each other where there is room, else the targets below the source. */
export function layoutDrawing(summary: RelationshipSummary, width: number): Drawing {
  const chosen = chooseTargets(summary.targets);
  const rows = Math.max(1, chosen.length);
  const hidden = summary.targets.length - chosen.length;
  const column = rows * HEIGHT + (rows - 1) * GAP;
  if (width >= NARROW) {
    const boxWidth = Math.min(340, Math.floor(width * 0.36));
    const source = { x: 1, y: (column - HEIGHT) / 2 + 1, width: boxWidth, height: HEIGHT };
    const targets = chosen.map((target, index) => {
      const box = { x: width - boxWidth - 1, y: index * (HEIGHT + GAP) + 1, width: boxWidth, height: HEIGHT };
      return { target, box, path: curve(source, box), flow: flowOf(summary, target) };
    });
    return { width, height: column + 2, source, targets, hidden };
  }
  const indent = 28;
  const source = { x: 1, y: 1, width: width - 2, height: HEIGHT };
  const targets = chosen.map((target, index) => {
    const y = (index + 1) * (HEIGHT + GAP) + 1;
    const box = { x: indent, y, width: width - indent - 1, height: HEIGHT };
    return { target, box, path: elbow(source, box), flow: flowOf(summary, target) };
  });
  return { width, height: HEIGHT + GAP + column + 2, source, targets, hidden };
}

const ARROW = 7;

function curve(from: Box, to: Box): string {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x - ARROW, to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function elbow(from: Box, to: Box): string {
  const [x, y] = [from.x + 12, to.y + to.height / 2];
  return `M${x} ${from.y + from.height}V${y - 8}Q${x} ${y} ${x + 8} ${y}H${to.x - ARROW}`;
}

/** Text that fits, about: the middle is left out, so that the end of a path stays. */
export function fitText(text: string, width: number, charWidth: number): string {
  const most = Math.max(4, Math.floor(width / charWidth));
  const chars = [...text];
  if (chars.length <= most) return text;
  const end = Math.ceil((most - 1) / 2);
  return `${chars.slice(0, most - 1 - end).join('')}…${chars.slice(-end).join('')}`;
}
