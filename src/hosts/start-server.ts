/** A server that stays in the foreground and says on its standard error when it listens. */
import type { Runner } from './contract';

/** One run of such a server. */
export interface ServerLife {
  /** True once it listens, false where it ended before. */
  ready: Promise<boolean>;
  ended: Promise<unknown>;
  /** The newest lines that it has said, oldest first. */
  lastLines: string[];
}

interface ServerOptions extends Pick<Parameters<Runner['run']>[1] & object, 'signal' | 'env' | 'attempt'> {
  isListening: (line: string) => boolean;
  onLine?: ((line: string) => void) | undefined;
}

const LINES_KEPT = 20;
/** Of a line that has not ended. */
const MOST_KEPT = 1000;

/** Starts it; it ends with the agent, and as `signal` says. */
export function startServer(
  runner: Pick<Runner, 'run'>,
  argv: readonly string[],
  { isListening, onLine, ...options }: ServerOptions,
): ServerLife {
  const lastLines: string[] = [];
  let isReady: (ready: boolean) => void = () => undefined;
  const ready = new Promise<boolean>((resolve) => (isReady = resolve));
  let rest = '';
  const onStderr = (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split(/\r?\n/);
    rest = lines.pop()?.slice(-MOST_KEPT) ?? '';
    for (const line of lines) {
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
      if (isListening(line)) isReady(true);
      onLine?.(line);
    }
  };
  const ended = runner
    .run(argv, { ...options, onStderr, maxOutputBytes: 4096, endsWithAgent: true })
    .catch((error: unknown) => error)
    .finally(() => isReady(false));
  return { ready, ended, lastLines };
}
