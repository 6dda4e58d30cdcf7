/** Finds what of a tree rsync does not carry to a landing, by a walk of its own or by one that is made anyway. */
import type { Runner } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { isRoot, type Keeps, keepsTime } from '../../model/keeps';
import type { LeftOut, LeftOutReason } from '../../model/left-out';
import { rsyncOptions } from '../../model/movers';
import type { MoverSpec } from '../../model/spec';
import { findAtTop, mountsInside, type OnFound, reasonOfForeign, Tally } from '../../trees/left-out';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { WalkEntry } from '../../trees/walk';
import { dropExcluded } from './excluded';
import { findLostAttributes } from './lost-attributes';
import { type AtAccount, partialFolderOf } from './options';
import { makeRecordReader } from '../../hosts/record-reader';

/** What is walked, and for whom. */
export interface Walked {
  sourcePath: string;
  mover: MoverSpec;
  /** What the receiver can keep; undefined where nobody tried. */
  keeps?: Keeps;
  /** It is an account of somebody else's. */
  account?: AtAccount;
  signal?: AbortSignal;
  /** Attributes must be looked at, or nothing can be said. Otherwise they are counted where that is possible. */
  strict?: boolean;
  /** Told of each entry that is counted. */
  onFound?: OnFound;
}

/** What is asked of an entry of a walk. */
type Entry = Pick<WalkEntry, 'type' | 'device' | 'uid' | 'gid' | 'mtime' | 'path'>;

const FORMAT = String.raw`%y %D %U %G %T@ %p\0`;
const LINE = /^(\S+) (\d+) (\d+) (\d+) (-?[\d.]+) (.*)$/s;

/** `a/b`, or empty for the root. */
const belowRoot = ({ path }: Entry) => path.slice('./'.length);

/** rsync is told to stay on the filesystem where it begins: what has another device is not carried. */
const staysOnDevice = ({ btrfs, zfs }: MoverSpec) => !zfs?.recursive && !btrfs?.nested;

/** What one entry is left out for, or in part. Pure. */
export function reasonsOf(
  entry: Entry,
  { rootDevice, mounts }: { rootDevice: string; mounts: ReadonlySet<string> },
  { mover, keeps, account }: Pick<Walked, 'mover' | 'keeps' | 'account'>,
): LeftOutReason[] {
  const { type, device } = entry;
  const path = belowRoot(entry);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (type === 'd' && device !== rootDevice && staysOnDevice(mover)) return [reasonOfForeign(path, mounts)];
  if (type === 'd' && name === partialFolderOf(account)) return ['tidemark'];
  const extra = rsyncOptions(mover).extraOptions;
  const isDevice = type === 'b' || type === 'c';
  if (isDevice && (extra.includes('--no-devices') || (keeps && !isRoot(keeps)))) return ['device'];
  if ((type === 's' || type === 'p') && extra.includes('--no-specials')) return ['socket'];
  if (!keeps) return [];
  const isOthers =
    !isRoot(keeps) && (Number(entry.uid) !== keeps.uid || !keeps.gids.includes(Number(entry.gid)));
  const isRounded = type !== 'l' && keeps.timeStepNs > 1 && !keepsTime(entry.mtime, keeps);
  return [...(isOthers ? (['owner'] as const) : []), ...(isRounded ? (['time'] as const) : [])];
}

/** What `find` is to print: folders, whose device tells where a tree ends, and what may not be kept. */
function makeTests({ mover, keeps }: Walked): string[] {
  if (keeps && keeps.timeStepNs > 1) return [];
  const tests = [['-type', 'd']];
  if (rsyncOptions(mover).extraOptions.some((option) => option.startsWith('--no-')))
    tests.push(['-type', 'b'], ['-type', 'c'], ['-type', 's'], ['-type', 'p']);
  if (keeps && !isRoot(keeps)) {
    tests.push(['-type', 'b'], ['-type', 'c'], ['!', '-uid', String(keeps.uid)]);
    tests.push(keeps.gids.flatMap((gid) => ['!', '-gid', String(gid)]));
  }
  return ['(', ...tests.flatMap((test, index) => [...(index > 0 ? ['-o'] : []), ...test]), ')'];
}

/** All but what lies at the top and is never carried. */
function makeFind({ mover, account }: Walked): string[] {
  const top = NOT_CONTENT.flatMap((name) => ['-path', `./${name}`, '-o']);
  const prune = ['(', ...top, '-path', `*/${partialFolderOf(account)}/*`, ')', '-prune', '-o'];
  return ['find', '.', ...(staysOnDevice(mover) ? ['-xdev'] : []), ...prune];
}

/** One walk, of what may be left out alone. */
async function walkTree(host: Runner, walked: Walked, add: (entry: Entry) => void): Promise<void> {
  const readRecord = (record: string) => {
    const [, type = '', device = '', uid = '', gid = '', mtime = '', path = ''] = LINE.exec(record) ?? [];
    add({ type, device, uid, gid, mtime, path });
  };
  // Entries that vanish meanwhile make find fail with the rest already printed.
  await host.run([...makeFind(walked), ...makeTests(walked), '-printf', FORMAT], {
    cwd: walked.sourcePath,
    onStdout: makeRecordReader(readRecord, '\0').push,
    maxOutputBytes: 64 * 1024,
    ...(walked.signal && { signal: walked.signal }),
  });
}

const isInPartialFolder = ({ path }: Entry, { account }: Walked) =>
  path.includes(`/${partialFolderOf(account)}/`);

/** Finds what of a tree is not carried, or not wholly, but for what the spec excludes, by its entries. */
export class LeftOutFinder {
  private readonly tally = new Tally();
  /** What the spec may exclude is asked for at the end. */
  private readonly found: { reason: LeftOutReason; path: string }[] = [];
  private rootDevice = '';

  private constructor(
    private readonly host: Runner,
    private readonly walked: Walked,
    private readonly mounts: ReadonlySet<string>,
  ) {}

  static async open(host: Runner, walked: Walked): Promise<LeftOutFinder> {
    return new LeftOutFinder(host, walked, await mountsInside(host, walked.sourcePath));
  }

  /** The root comes first. */
  readonly add = (entry: Entry): void => {
    if (entry.path === '.') this.rootDevice = entry.device;
    if (isInPartialFolder(entry, this.walked)) return;
    const { rootDevice, mounts } = this;
    for (const reason of reasonsOf(entry, { rootDevice, mounts }, this.walked))
      this.onFound(reason, belowRoot(entry) || '.');
  };

  /** Looks at what is no entry's own, after all of them were added. */
  async finish(): Promise<LeftOut[]> {
    const { host, walked, found } = this;
    const { sourcePath, mover, keeps, signal } = walked;
    await Promise.all([
      findAtTop(host, sourcePath, this.onFound),
      findLostAttributes(
        host,
        makeFind(walked),
        { cwd: sourcePath, ...(keeps && { keeps }), ...(signal && { signal }) },
        this.onFound,
      ).catch((error: unknown) => {
        const isMissing = error instanceof TidemarkError && error.type === 'ToolMissing';
        if (!isMissing || walked.strict) throw error;
      }),
    ]);
    if (found.length > 0) {
      const paths = found.map(({ path }) => path);
      const carried = await dropExcluded(host, sourcePath, mover, paths);
      for (const { reason, path } of found) if (carried.has(path)) this.count(reason, path);
    }
    return this.tally.list;
  }

  private readonly count: OnFound = (reason, path) => {
    this.tally.add(reason, path);
    this.walked.onFound?.(reason, path);
  };

  private readonly onFound: OnFound = (reason, path) => {
    if (rsyncOptions(this.walked.mover).exclude.length > 0) this.found.push({ reason, path });
    else this.count(reason, path);
  };
}

/** What of a tree is not carried, or not wholly, but for what the spec excludes. Reads the tree, not its files. */
export async function findLeftOut(host: Runner, walked: Walked): Promise<LeftOut[]> {
  const finder = await LeftOutFinder.open(host, walked);
  await walkTree(host, walked, finder.add);
  return await finder.finish();
}
