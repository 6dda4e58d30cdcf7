/** Text for people: colours where they are wanted, and tables that line up. */
import { createColors } from 'picocolors';
import stringWidth from 'string-width';
import { leftOutLines } from '../model/left-out';
import type { LeftOut } from '../model/left-out';
import { formatBytes } from '../model/units';

/** Colours on a terminal alone, and not where `NO_COLOR` asks for none. */
export function wantsColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
}

export const colors = createColors(wantsColor(process.stdout, process.env));

/** Names and tools' words may hold anything: what would move the cursor or change colours is shown, not sent. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are the point
  return text.replaceAll('\r\n', '\n').replaceAll(/[\0-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return String.raw`\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Printable ASCII alone, on one line. */
const IS_PLAIN = /^[ -~]*$/;

/** One line of text: line ends are shown, too. */
export function oneLine(text: string): string {
  // Most are, of tens of thousands of cells.
  if (IS_PLAIN.test(text)) return text;
  return printable(text.replaceAll('\n', String.raw`\n`).replaceAll('\t', ' '));
}

/** Bytes that a transfer sent; of one that did not end, the most that it can have been. */
export function formatSent(sent: number | null | undefined, reached: number | null | undefined): string {
  if (typeof sent === 'number') return formatBytes(sent);
  if (typeof reached !== 'number') return '–';
  return `${reached > 0 ? '≤ ' : ''}${formatBytes(reached)}`;
}

export interface PaintedCell {
  text: string;
  paint: (text: string) => string;
}

export type Cell = string | PaintedCell;

const textOf = (cell: Cell) => oneLine(typeof cell === 'string' ? cell : cell.text);

/** No path is cut shorter than that. */
const SHORTEST_PATH = 12;

/** Cuts the middle out of a text that is too long: of a path, both the host and the last folder stay. */
export function shortenMiddle(text: string, width: number): string {
  const chars = [...text];
  if (chars.length <= width) return text;
  const end = Math.ceil((width - 1) / 2);
  return `${chars.slice(0, width - 1 - end).join('')}…${chars.slice(-end).join('')}`;
}

/** Has a table fit into `width` columns where it can, by shortening its paths, the longest first. */
export function fitPaths(rows: readonly (readonly Cell[])[], width: number): Cell[][] {
  if (width === Infinity) return rows.map((row) => [...row]);
  const widths = widthsOf(rows.map((row) => row.map(textOf)));
  const columns = widths.length;
  const isPath = widths.map((_width, column) =>
    rows.some((row) => /^[^\s:]+:\S*\//.test(textOf(row[column] ?? ''))),
  );
  const total = () => widths.reduce((sum, each) => sum + each, 2 * (columns - 1));
  while (total() > width) {
    const longest = Math.max(0, ...widths.filter((each, column) => isPath[column] && each > SHORTEST_PATH));
    if (longest === 0) break;
    widths[widths.findIndex((each, column) => each === longest && isPath[column])] = longest - 1;
  }
  return rows.map((row) =>
    row.map((cell, column) => {
      if (!isPath[column]) return cell;
      const text = shortenMiddle(textOf(cell), widths[column] ?? 0);
      return typeof cell === 'string' ? text : { ...cell, text };
    }),
  );
}

/** Columns of the terminal; undefined where there is none, and lines may be as long as they are. */
export function terminalWidth(
  stream: { isTTY?: boolean; columns?: number } = process.stdout,
): number | undefined {
  return stream.isTTY ? stream.columns : undefined;
}

/** Columns that a text takes in a terminal. */
const widthOf = (text: string) => (IS_PLAIN.test(text) ? text.length : stringWidth(text));

/** Of each column: the longest of it. */
function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(text));
  return widths;
}

/** A table whose columns line up, without borders. */
export function formatTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const titles = head.map((text): Cell => ({ text, paint: colors.bold }));
  const table: (readonly Cell[])[] = head.length > 0 ? [titles, ...rows] : [...rows];
  const texts = table.map((row) => row.map(textOf));
  const widths = widthsOf(texts);
  return table
    .map((row, at) =>
      row
        .map((cell, column) => {
          const text = texts[at]?.[column] ?? '';
          const padding = ' '.repeat((widths[column] ?? 0) - widthOf(text));
          return (typeof cell === 'string' ? text : cell.paint(text)) + padding;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Lines of a name and its value, indented; what is undefined is left out. */
export function formatFields(fields: readonly (readonly [string, Cell | undefined])[], indent = ''): string {
  const rows = fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return formatTable([], rows)
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}

/** Green for what is well, red for what is not, yellow for what is on its way. */
export function paintState(state: string): PaintedCell {
  const good = ['succeeded', 'Idle', 'ok', 'equal'];
  const bad = ['failed', 'WaitingForApproval', 'missing', 'partial', 'Parked', 'FailedOver', 'Vanished'];
  const paint = good.includes(state) ? colors.green : bad.includes(state) ? colors.red : colors.yellow;
  return { text: state, paint };
}

/** What a copy does not hold, a line for each reason; nothing where it is whole. Fits 80 columns. */
export function formatLeftOut(head: string, list: readonly LeftOut[], indent = ''): string[] {
  if (list.length === 0) return [];
  const lines = leftOutLines(list, 78 - indent.length).map((line) => `${indent}  ${oneLine(line)}`);
  return [`${indent}${colors.yellow(head)}:`, ...lines];
}

/** `3m 20s ago`; an en dash for never. */
export function formatAge(
  instant: string | null | undefined,
  nowMs: number,
  format: (ms: number) => string,
): string {
  return instant ? `${format(Math.max(0, nowMs - Date.parse(instant)))} ago` : '–';
}

/** `UTC`, or how far the user's time zone is from it then: `+01:00`. */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** An instant in the user's time zone, to the second, and which zone that is. */
export function formatTime(instant: string | null | undefined): string {
  if (!instant) return '–';
  const date = new Date(instant);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zoneOf(date)}`;
}
