/**
 * What a tree looked like, so small that it can be kept: whoever has the fingerprint of a tree can tell later what
 * somebody wrote to since, without having read any content.
 *
 * It rests on the change time, which the kernel moves with every write, `chmod`, rename and link, and which no
 * program can set. Equal path, inode, change time, modification time, size and type mean: not touched. Two things
 * escape it: a clock that is set back and then meets the same nanosecond again, and what decays on the disk. A program
 * that has a file mapped into its memory moves the time when the kernel next takes the page as clean: `sync` before
 * the walk sees to that.
 */
import type { Runner } from '../hosts/contract';
import { type OnEntry, walk, type WalkEnd, type WalkEntry, type WalkOptions } from './walk';

/** A fingerprint. Compact: 20 bytes for an entry. */
export interface Fingerprint {
  entries: number;
  /** As long as its files are; a file of several names counts once. */
  fileBytes: number;
  /** On disk, folders and all; a file of several names counts once. */
  diskBytes: number;
  /** When the walk began, by the host's own clock. In seconds. */
  startedAt: number;
  /** All entries were seen. */
  complete: boolean;
  /** For each entry, what finds it again: 53 bits of its path's hash. */
  keys: Float64Array;
  /** Two numbers for each entry: 64 bits of everything that is compared; both zero where that is not to be trusted. */
  states: Uint32Array;
  /** One for each entry: 32 bits of what rsync's quick check sees, its type, size and modification time. */
  looks: Uint32Array;
}

/** How an entry differs from the fingerprint. */
export interface Change {
  entry: WalkEntry;
  /**
   * `new`: there was no such path. `visible`: type, size or modification time differ. `hidden`: none of these do,
   * but the inode or change time, or it can't be told: its content may be another one, and nothing but reading it
   * tells.
   */
  how: 'new' | 'visible' | 'hidden';
}

/** What became of a tree since its fingerprint was taken. */
export interface Comparison {
  changed: Change[];
  /** Entries that are gone. */
  vanished: number;
  /** All of it was seen, both then and now. */
  isWhole: boolean;
  /** Nothing was written to it, as far as can be known; never so of what was not wholly seen. */
  equal: boolean;
}

/** Where times have fractions: the kernel's clock for files moves in ticks of up to 10 ms. */
export const TICK_SECONDS = 0.02;
/** Where they have none, with room to spare. */
const COARSE_SECONDS = 2;

/**
 * True where the entry may change once more without its change time moving: it changed within the grain of the
 * clock before the walk began, after it, or in the future.
 */
function isFresh({ ctime }: WalkEntry, startedAt: number): boolean {
  const isCoarse = /\.0*$/.test(ctime);
  return Number(ctime) >= startedAt - (isCoarse ? COARSE_SECONDS : TICK_SECONDS);
}

/** 64 bits of a text of single bytes, as two numbers: MurmurHash3's mixing, in two lanes. Not against forgery. */
function hash(text: string, out: [number, number]): void {
  let a = 0x9747b28c;
  let b = 0x5bd1e995;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ code, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 16) ^ text.length, 0xcc9e2d51);
  b = Math.imul(b ^ (a >>> 15) ^ text.length, 0x1b873593);
  a ^= Math.imul(b ^ (b >>> 13), 0xe6546b64);
  b ^= Math.imul(a ^ (a >>> 16), 0x85ebca6b);
  out[0] = (a ^ (a >>> 14)) >>> 0;
  out[1] = (b ^ (b >>> 15)) >>> 0;
}

const scratch: [number, number] = [0, 0];

function keyOf({ path }: Pick<WalkEntry, 'path'>): number {
  hash(path, scratch);
  return (scratch[0] & 0x1fffff) * 2 ** 32 + scratch[1];
}

/** As text, so that a filesystem's coarse and fine times never look alike. */
const lookOf = ({ type, size, mtime }: WalkEntry) => `${type} ${size} ${mtime}`;

function hashLook(entry: WalkEntry): number {
  hash(lookOf(entry), scratch);
  return scratch[0];
}

/** Not the device: the kernel renumbers those with each mount. */
function hashState(entry: WalkEntry): [number, number] {
  hash(`${entry.inode} ${entry.ctime} ${lookOf(entry)} ${entry.path}`, scratch);
  // Both zero has a meaning of its own.
  return [scratch[0], scratch[1] || 1];
}

/** Takes a fingerprint of the entries of one walk, as they come. */
export class FingerprintMaker {
  private keys = new Float64Array(1024);
  private states = new Uint32Array(2048);
  private looks = new Uint32Array(1024);
  private entries = 0;
  private fileBytes = 0;
  private diskBytes = 0;
  /** Some regular file has several names, in the tree or outside of it. */
  hasHardLinks = false;
  private readonly linked = new Set<string>();

  readonly add: OnEntry = (entry, startedAt) => {
    this.makeRoom();
    const at = this.entries++;
    if (!isFresh(entry, startedAt)) this.states.set(hashState(entry), 2 * at);
    this.keys[at] = keyOf(entry);
    this.looks[at] = hashLook(entry);
    this.count(entry);
  };

  end({ startedAt, complete }: WalkEnd): Fingerprint {
    const { entries, fileBytes, diskBytes } = this;
    const keys = this.keys.slice(0, entries);
    const states = this.states.slice(0, 2 * entries);
    const looks = this.looks.slice(0, entries);
    return { entries, fileBytes, diskBytes, startedAt, complete, keys, states, looks };
  }

  private count({ type, size, diskBytes, links, inode, device }: WalkEntry): void {
    if (links > 1 && type !== 'd') {
      this.hasHardLinks ||= type === 'f';
      const file = `${device}:${inode}`;
      if (this.linked.has(file)) return;
      this.linked.add(file);
    }
    if (type === 'f') this.fileBytes += size;
    this.diskBytes += diskBytes;
  }

  private makeRoom(): void {
    if (this.entries < this.keys.length) return;
    const grow = <T extends Float64Array | Uint32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.keys = grow(this.keys, new Float64Array(2 * this.keys.length));
    this.states = grow(this.states, new Uint32Array(2 * this.states.length));
    this.looks = grow(this.looks, new Uint32Array(2 * this.looks.length));
  }
}

/** Compares a fingerprint with the entries of one walk, as they come. Keeps those that differ, and no others. */
export class FingerprintComparer {
  private readonly places = new Map<number, number>();
  private readonly changed: Change[] = [];
  private found = 0;

  /** @param before undefined where nothing is known: then every entry is a `hidden` change. */
  constructor(private readonly before: Fingerprint | undefined) {
    before?.keys.forEach((key, place) => this.places.set(key, place));
  }

  readonly add: OnEntry = (entry) => {
    const how = this.judge(entry);
    if (how !== 'new') this.found++;
    if (how !== undefined) this.changed.push({ entry, how });
  };

  end({ complete }: WalkEnd): Comparison {
    const { before, changed, found } = this;
    const vanished = before ? Math.max(0, before.entries - found) : 0;
    const isWhole = complete && before?.complete === true;
    return { changed, vanished, isWhole, equal: isWhole && changed.length === 0 && vanished === 0 };
  }

  /** There was such a path. */
  had(path: string): boolean {
    return this.places.has(keyOf({ path }));
  }

  /** It is known what such a path was: it had not changed right before it was looked at. */
  isKnown({ path }: Pick<WalkEntry, 'path'>): boolean {
    const place = this.places.get(keyOf({ path }));
    if (!this.before || place === undefined) return false;
    return this.before.states[2 * place] !== 0 || this.before.states[2 * place + 1] !== 0;
  }

  /** How an entry differs; undefined where it was not touched. */
  judge(entry: WalkEntry): Change['how'] | undefined {
    const { before } = this;
    if (!before) return 'hidden';
    const place = this.places.get(keyOf(entry));
    // What could not be seen then may have been there all the same.
    if (place === undefined) return before.complete ? 'new' : 'hidden';
    const [high, low] = hashState(entry);
    if (before.states[2 * place] === high && before.states[2 * place + 1] === low) return undefined;
    return before.looks[place] === hashLook(entry) ? 'hidden' : 'visible';
  }
}

/** Takes the fingerprint of a tree. 300,000 files: the walk's time; 6 MB, and 8 MB as a file, written in 0.3 s. */
export async function takeFingerprint(
  host: Pick<Runner, 'name' | 'run' | 'files'>,
  root: string,
  options?: WalkOptions,
): Promise<Fingerprint> {
  const maker = new FingerprintMaker();
  return maker.end(await walk(host, root, maker.add, options));
}

/** What one look at a tree tells: what changed since a fingerprint of it, and its new one. */
export interface Look extends Comparison {
  now: Fingerprint;
  /** Some regular file has several names, in the tree or outside of it. */
  hasHardLinks: boolean;
}

/**
 * Looks at a tree once.
 * @param before undefined where nothing is known
 */
export async function compareWithFingerprint(
  host: Pick<Runner, 'name' | 'run' | 'files'>,
  root: string,
  before: Fingerprint | undefined,
  options?: WalkOptions,
): Promise<Look> {
  const [maker, comparer] = [new FingerprintMaker(), new FingerprintComparer(before)];
  const both: OnEntry = (entry, startedAt) => {
    maker.add(entry, startedAt);
    comparer.add(entry, startedAt);
  };
  const end = await walk(host, root, both, options);
  return { ...comparer.end(end), now: maker.end(end), hasHardLinks: maker.hasHardLinks };
}
