/** What is to be looked at, and when. Each key once; the earlier time counts. Pure but for the times that it is given. */
export class DueQueue {
  private readonly due = new Map<string, number>();

  /** @param atMs milliseconds since the epoch */
  add(key: string, atMs: number): void {
    this.due.set(key, Math.min(atMs, this.due.get(key) ?? Infinity));
  }

  /** Takes one whose time has come, the one that is due longest; never one of those. */
  take(nowMs: number, except: ReadonlySet<string>): string | undefined {
    const [first] = [...this.due]
      .filter(([key, atMs]) => atMs <= nowMs && !except.has(key))
      .toSorted(([, one], [, other]) => one - other);
    if (first) this.due.delete(first[0]);
    return first?.[0];
  }

  /** When the next is due that is none of those; undefined where there is none. */
  next(except: ReadonlySet<string>): number | undefined {
    const times = [...this.due].filter(([key]) => !except.has(key)).map(([, atMs]) => atMs);
    return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
  }
}
