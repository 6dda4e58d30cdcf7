/** What a stream is going to do, counted from `btrfs receive --dump`. Pure. */

export interface StreamContents {
  /** Of files, as long as what differs of them. */
  bytes: number;
  /** Entries made, changed or deleted. */
  changed: number;
  /** Names that are gone afterwards. */
  deleted: number;
}

const LINE = /^([a-z_]+) +\.\/[^/]*\/?(.*)$/;
/** What stands for a file until it gets its name, or after it has lost it. */
const TEMPORARY = /^o\d+-\d+-\d+$/;
const MADE = new Set(['mkfile', 'mkdir', 'mknod', 'mkfifo', 'mksock', 'symlink', 'link']);

/** Counts the lines of one stream as they come; a name with a line break counts as its first line. */
export class StreamCounter {
  private rest = '';
  private bytes = 0;
  private changed = 0;
  private readonly gone = new Set<string>();

  push(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.read(line);
  }

  result(): StreamContents {
    return { bytes: this.bytes, changed: this.changed + this.gone.size, deleted: this.gone.size };
  }

  private read(line: string): void {
    const [, command = '', rest = ''] = LINE.exec(line) ?? [];
    if (command === 'utimes') this.changed++;
    else if (command === 'update_extent') this.bytes += Number(/ len=(\d+)$/.exec(rest)?.[1] ?? 0);
    else if (command === 'unlink' || command === 'rmdir') this.lose(rest.trimEnd());
    else if (command === 'rename') this.rename(rest);
    else if (MADE.has(command)) this.gone.delete(nameOf(rest));
  }

  private rename(rest: string): void {
    const [, from = '', to = ''] = /^(.*?) +dest=\.\/[^/]*\/?(.*)$/.exec(rest) ?? [];
    this.lose(from);
    this.gone.delete(to.trimEnd());
  }

  private lose(name: string): void {
    if (name !== '' && !name.split('/').some((part) => TEMPORARY.test(part))) this.gone.add(name);
  }
}

/** The name in front of what else is told. */
function nameOf(rest: string): string {
  return rest.replace(/ +(dest|mode|gid|uid|offset|len)=.*$/, '').trimEnd();
}
