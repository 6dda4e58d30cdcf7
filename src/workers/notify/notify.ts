/** Being told: the file of receivers, the watcher that decides, and the notifier that delivers. */
import type { Notifier } from '../../activities/control/notifier';
import type { NoticesAnswer } from '../../api/notices-answer';
import type { Catalog } from '../../catalog/contract';
import { NotifyFile } from './notify-file';
import { makeNotifier } from './notifier';
import { makeOverview, type NotifySource } from './overview';
import { Watcher, type WatcherOptions } from './watcher';

export class Notify implements NotifySource {
  readonly file: NotifyFile;
  readonly notifier: Notifier;
  private readonly watcher: Watcher;

  /** @param path of the file; absolute */
  constructor(
    path: string,
    private readonly options: Omit<WatcherOptions, 'file' | 'notifier' | 'catalog'> & { catalog: Catalog },
  ) {
    this.file = new NotifyFile(path, options.log);
    this.notifier = makeNotifier(this.file);
    this.watcher = new Watcher({ ...options, file: this.file, notifier: this.notifier });
  }

  async overview(): Promise<NoticesAnswer> {
    await this.file.refresh();
    return await makeOverview(this.options.catalog, this.file);
  }

  start(): void {
    this.watcher.start();
  }

  /** A relationship has told of a change. */
  poke(): void {
    this.watcher.poke();
  }

  async stop(): Promise<void> {
    await this.watcher.stop();
  }
}
