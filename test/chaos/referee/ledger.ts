/** What a history was, what is known to be right in it, and what was found to be wrong. */

const TOLD_LINES = 6;

/** The path of a line that describes an entry, as `./a/b [...]`. */
export const pathOfLine = (line: string) => line.slice('./'.length, line.indexOf(' [['));

/** The lines of a folder or file alone; its names elsewhere are not restored with it. */
export function linesOf(lines: readonly string[], only: string | undefined): readonly string[] {
  if (only === undefined) return lines;
  const isPart = (path: string) => path === only || path.startsWith(`${only}/`);
  const withoutLinks = (line: string) => line.replace(/\["links","[^"]*"\],?/, '');
  return lines.filter((line) => isPart(pathOfLine(line))).map(withoutLinks);
}

const TIME = /,\["mtime","\d+"\]/;

/** Where the other side tells no time of an entry, none is compared. */
function withoutTimesOf(lines: readonly string[], others: readonly string[]): readonly string[] {
  const untold = new Set(others.filter((line) => !TIME.test(line)).map(pathOfLine));
  return lines.map((line) => (untold.has(pathOfLine(line)) ? line.replace(TIME, '') : line));
}

export class Ledger {
  /** What was done, one line each. */
  readonly told: string[] = [];
  readonly findings: string[] = [];
  /** What was frozen, by host and id of the point. */
  readonly frozen = new Map<string, string[]>();

  check(what: string, frozen: readonly string[], present: readonly string[]): void {
    const [expected, found] = [withoutTimesOf(frozen, present), withoutTimesOf(present, frozen)];
    const [wanted, there] = [new Set(expected), new Set(found)];
    const missing = expected.filter((line) => !there.has(line)).map((line) => `- ${line}`);
    const extra = found.filter((line) => !wanted.has(line)).map((line) => `+ ${line}`);
    if (missing.length + extra.length === 0) return;
    const lines = [...missing, ...extra].slice(0, TOLD_LINES).map((line) => line.slice(0, 400));
    this.findings.push(`${what} is not what was frozen:`, ...lines);
  }

  /** What was found, with what led to it, or nothing. */
  report(title: string): string | undefined {
    if (this.findings.length === 0) return undefined;
    return [`${title}:`, ...this.told, 'FOUND:', ...this.findings].join('\n  ');
  }
}
