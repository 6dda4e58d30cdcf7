/** Says what `up` is doing: on its terminal, or to the one that started it with --detach. */
import { colors } from '../client/text';
import { formatDuration } from '../model/units';

/** What a detached `up` tells its starter. */
export type UpMessage = { say: string } | { ready: true };

export interface Reporter {
  /** True where a starter waits for this process to be ready, and then goes. */
  detached: boolean;
  say: (text: string) => void;
  /** Says that something is begun, and how long it took. */
  step<T>(what: string, act: () => Promise<T>): Promise<T>;
  /** Everything is up. */
  ready(): void;
}

export function makeReporter(): Reporter {
  const detached = process.send !== undefined;
  const tell = (message: UpMessage) => {
    // The starter may have been ended meanwhile.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  const say = (text: string) => {
    process.stdout.write(`${text}\n`);
    tell({ say: text });
  };
  return {
    detached,
    say,
    async step(what, act) {
      const since = performance.now();
      say(`${what} …`);
      const result = await act();
      say(`${what} ${colors.green('ready')} (${formatDuration(performance.now() - since)})`);
      return result;
    },
    ready: () => tell({ ready: true }),
  };
}
