/** The file of receivers and routes: read again whenever it changes; a new version with mistakes leaves the old one. */
import type { Logger } from 'pino';
import { readFile, stat } from 'node:fs/promises';
import { formatProblem } from '../../model/parse-spec';
import type { NotifyConfig } from '../../model/notify/config';
import { parseNotify } from '../../model/notify/parse-config';
import { checkTemplate } from './templates';

export class NotifyFile {
  /** By the newest version without mistakes; undefined before the first. */
  config: NotifyConfig | undefined;
  /** When that was written; in milliseconds since the epoch. */
  writtenAtMs = 0;
  /** Why the file can't be used as it is now; empty where it can. */
  problems: readonly string[] = [];
  private text: string | undefined;

  constructor(
    readonly path: string,
    private readonly log: Logger,
  ) {}

  /** Reads it, if it has changed. Never throws. */
  async refresh(): Promise<void> {
    let text: string;
    let writtenAtMs: number;
    try {
      writtenAtMs = (await stat(this.path)).mtimeMs;
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      this.text = undefined;
      this.refuse([(error as Error).message]);
      return;
    }
    // Also where it was touched alone: a secret that it names may be another.
    if (text === this.text && this.config && this.problems.length === 0) this.writtenAtMs = writtenAtMs;
    if (text === this.text) return;
    this.text = text;
    const { config, problems, warnings } = parseNotify(text, this.path, checkTemplate);
    if (!config) {
      this.refuse(problems.map(formatProblem));
      return;
    }
    this.config = config;
    this.writtenAtMs = writtenAtMs;
    this.problems = [];
    const { receivers, routes } = config;
    const counts = { file: this.path, receivers: receivers.length, routes: routes.length };
    this.log.info({ ...counts, warnings: warnings.map(formatProblem) }, 'the file of receivers is in use');
  }

  private refuse(problems: readonly string[]): void {
    if (problems.join('\n') === this.problems.join('\n')) return;
    this.problems = problems;
    const instead = this.config ? 'the version before it stays in use' : 'nobody is told of anything';
    this.log.error({ file: this.path, problems }, `the file of receivers can not be used, so ${instead}`);
  }
}
