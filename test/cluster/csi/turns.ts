/**
 * One thing at a time for each key. Callers of CSI repeat a call that they think was lost; and a second `btrfs subvolume
 * snapshot` onto the same name would silently land inside of what the first has made.
 */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  async take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(key) ?? Promise.resolve()).then(act, act);
    this.last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(key) === turn) this.last.delete(key);
    }
  }
}
