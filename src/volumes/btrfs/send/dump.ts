/** What a stream is going to do, counted from `btrfs receive --dump`. Pure. */

export interface StreamContents {
  /** Of files, as long as what differs of them. */
  bytes: number;
  /** Entries made, changed or deleted. */
  changed: number;
  /** Names that are gone afterwards. */
  deleted: number;
  /** Some of them. */
  examples: string[];
}

/** Names that are kept to be shown. */
const EXAMPLES = 5;

const LINE = /^([a-z_]+) +\.\/[^/]*\/?(.*)$/;
/** What stands for a file until it gets its name, or after it has lost it. */
const TEMPORARY = /^o\d+-\d+-\d+$/;
const MADE = new Set(['mkfile', 'mkdir', 'mknod', 'mkfifo', 'mksock', 'symlink', 'link']);

/** Counts the lines of one stream as they come; a name with a line break counts as its first line. */
export class StreamCounter {
  private rest = '';
  private bytes = 0;
  private changed = 0;
  private current?: string;
  private readonly gone = new Set<string>();
  /** Where folders had been that go: what is in them is told by names that stand for them. */
  private readonly moved = new Map<string, string>();

  push(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.read(line);
  }

  result(): StreamContents {
    const { bytes, gone } = this;
    const examples = [...gone].slice(0, EXAMPLES).map((name) => Buffer.from(name, 'latin1').toString());
    return { bytes, changed: this.changed + gone.size, deleted: gone.size, examples };
  }

  private read(line: string): void {
    const [, command = '', rest = ''] = LINE.exec(line) ?? [];
    // Reading a file changes the time of its last access, which comes along.
    if (command === '' || command === 'utimes' || command === 'snapshot' || command === 'subvol') return;
    if (command === 'unlink' || command === 'rmdir') return this.lose(rest.trimEnd());
    if (command === 'rename') return this.rename(rest);
    if (command === 'update_extent') this.bytes += Number(/ len=(\d+)$/.exec(rest)?.[1] ?? 0);
    const name = nameOf(rest);
    if (MADE.has(command)) this.gone.delete(name);
    this.touch(name);
  }

  /** All that is done to one entry stands together. */
  private touch(name: string): void {
    if (name !== this.current) this.changed++;
    this.current = name;
  }

  private rename(rest: string): void {
    const [, from = '', to = ''] = /^(.*?) +dest=\.\/[^/]*\/?(.*)$/.exec(rest) ?? [];
    if (from === this.current) this.current = to.trimEnd();
    else if (!isTemporary(to.trimEnd())) this.touch(to.trimEnd());
    this.lose(from);
    if (isTemporary(to.trimEnd())) this.moved.set(to.trimEnd(), this.resolve(from));
    this.gone.delete(to.trimEnd());
  }

  private lose(name: string): void {
    if (name !== '' && !isTemporary(name)) this.gone.add(this.resolve(name));
  }

  private resolve(name: string): string {
    const [first = '', ...rest] = name.split('/');
    return [this.moved.get(first) ?? first, ...rest].join('/');
  }
}

const isTemporary = (name: string) => TEMPORARY.test(name.slice(name.lastIndexOf('/') + 1));

/** The name in front of what else is told. */
function nameOf(rest: string): string {
  return rest.replace(/ +(dest|mode|gid|uid|offset|len)=.*$/, '').trimEnd();
}
