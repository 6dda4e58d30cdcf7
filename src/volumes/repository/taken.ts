/** What `restic backup --dry-run --verbose=2 --json` says that it would take. Pure. */
import { z } from 'zod';
import { parseMessage, type Summary } from './send/messages';

const TakenSchema = z.object({
  message_type: z.literal('verbose_status'),
  action: z.literal('new'),
  item: z.string(),
});

/** restic tells names as text: bytes that are none look alike, and so names that differ in these alone are one. */
const asTold = (text: string): string => text.replaceAll(/\uFFFD+/g, '\uFFFD');

export class Taken {
  private readonly paths = new Set<string>();
  private count = 0;
  private summary: Summary | undefined;

  /** @param latin1 a line, its bytes one character each */
  readonly readLine = (latin1: string): void => {
    const line = Buffer.from(latin1, 'latin1').toString();
    const message = parseMessage(line);
    if (message?.message_type === 'summary') this.summary = message;
    if (message || !line.startsWith('{')) return;
    const { data } = TakenSchema.safeParse(JSON.parse(line));
    if (!data) return;
    this.count++;
    this.paths.add(asTold(data.item.replace(/^\//, '').replace(/\/$/, '')));
  };

  /** It told of each file and folder that it counted: what it did not tell of, it would not take. */
  isWhole(): boolean {
    const { summary, count } = this;
    return summary !== undefined && count === summary.files_new + summary.dirs_new;
  }

  /** @param path its bytes one character each (`latin1`) */
  has(path: string): boolean {
    return this.paths.has(asTold(Buffer.from(path, 'latin1').toString()));
  }
}
