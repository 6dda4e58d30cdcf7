/** Asks for something again and again, while somebody looks. */
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { pauseMs } from '../model/backoff';
import { ApiError } from './api';
import { token } from './session';

export type Ask<T> = (signal: AbortSignal) => Promise<T>;

export class Poll<T> {
  /** The newest answer; nothing is kept of those before. */
  readonly value = signal<T | undefined>(undefined);
  /** Why the last try failed; undefined after an answer. */
  readonly error = signal<ApiError | undefined>(undefined);
  /** When `value` came, and when the next try is due: milliseconds since the epoch. */
  readonly at = signal<number | undefined>(undefined);
  readonly nextAt = signal<number | undefined>(undefined);
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | undefined;
  private isRunning = false;

  constructor(
    private readonly ask: Ask<T>,
    private readonly everyMs: number,
  ) {}

  start(): void {
    this.isRunning = true;
    document.addEventListener('visibilitychange', this.onVisibility);
    if (!document.hidden) void this.refresh();
  }

  stop(): void {
    this.isRunning = false;
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.rest();
  }

  /** Now, in place of any try that is under way or due. */
  async refresh(): Promise<void> {
    this.rest();
    if (!this.isRunning) return;
    const asking = new AbortController();
    this.asking = asking;
    try {
      const value = await this.ask(asking.signal);
      if (asking.signal.aborted) return;
      this.value.value = value;
      this.at.value = Date.now();
      this.error.value = undefined;
      this.failures = 0;
    } catch (error) {
      if (asking.signal.aborted) return;
      this.error.value = error instanceof ApiError ? error : new ApiError(String(error));
      this.failures += 1;
    }
    this.asking = undefined;
    // Nobody looks: the next try is when somebody does.
    if (!document.hidden) this.plan(pauseMs(this.everyMs, this.failures));
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.nextAt.value = undefined;
    this.asking?.abort();
    this.asking = undefined;
  }

  private plan(inMs: number): void {
    this.nextAt.value = Date.now() + inMs;
    this.timer = setTimeout(() => void this.refresh(), inMs);
  }

  private readonly onVisibility = () => {
    if (document.hidden) return this.rest();
    const dueMs = (this.at.value ?? 0) + this.everyMs - Date.now();
    if (dueMs > 0 && !this.error.value) this.plan(dueMs);
    else void this.refresh();
  };
}

export interface PollOptions {
  everyMs: number;
  /** What was shown before stays until the first answer. */
  keepsValue?: boolean;
}

/**
 * Polls as long as the component is shown; anew where `key` changes, or the token does.
 * @param key everything that `ask` depends on
 */
export function usePoll<T>(key: string, ask: Ask<T>, { everyMs, keepsValue = false }: PollOptions): Poll<T> {
  const before = useRef<Poll<T>>(undefined);
  const own = `${token.value ?? ''} ${key}`;
  const poll = useMemo(() => {
    const made = new Poll(ask, everyMs);
    if (keepsValue && before.current) {
      made.value.value = before.current.value.peek();
      made.at.value = before.current.at.peek();
    }
    before.current = made;
    return made;
  }, [own]);
  useEffect(() => {
    poll.start();
    return () => poll.stop();
  }, [poll]);
  return poll;
}
