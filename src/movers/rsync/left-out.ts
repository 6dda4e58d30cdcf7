/** Finds what of a tree rsync does not carry to a landing: one walk, of what may be left out alone. */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { type AttributeSpace, isRoot, type Keeps, keepsTime, REASON_OF_ATTRIBUTE } from '../../model/keeps';
import { LEFT_OUT_EXAMPLES, type LeftOut, type LeftOutReason, mergeLeftOut } from '../../model/left-out';
import { rsyncOptions } from '../../model/mover-options';
import type { MoverSpec } from '../../model/spec';
import { STATE_FILE } from '../../volumes/shared/tools';
import { PARTIAL_FOLDER } from './options';

/** An entry of a walk, as {@link FORMAT} prints it. */
interface Entry {
  type: string;
  device: string;
  inode: string;
  uid: number;
  gid: number;
  mtime: string;
  /** Byte by byte in latin1, below the root; empty for the root itself. */
  path: string;
}

const FORMAT = '%y %D %i %U %G %T@ %P\\0';
const LINE = /^(\S+) (\d+) (\d+) (\d+) (\d+) (-?[\d.]+) (.*)$/s;

/** Of btrfs: the root of a subvolume, and the empty folder that a snapshot has in place of one. */
const SUBVOLUME_INODE = '256';
const MISSING_SUBVOLUME_INODE = '2';

/** What rsync is told to leave out at the top of a tree. */
const OWN_FOLDER = '.tidemark';
const LOST_FOUND = 'lost+found';

/** What is walked, and for whom. */
export interface Walked {
  sourcePath: string;
  mover: MoverSpec;
  /** What the receiver can keep; undefined where nobody tried. */
  keeps?: Keeps;
  signal?: AbortSignal;
  /** Called for each entry of a reason. The path is bytes, one character each (`latin1`). */
  onFound?: (reason: LeftOutReason, path: string) => void;
}

/** Counts by reason, with the first paths of each. */
class Tally {
  private readonly found = new Map<LeftOutReason, LeftOut>();

  constructor(private readonly onFound: Walked['onFound']) {}

  add(reason: LeftOutReason, path: string): void {
    const entry = this.found.get(reason) ?? { reason, count: 0, examples: [] };
    entry.count++;
    this.onFound?.(reason, path);
    if (entry.examples.length < LEFT_OUT_EXAMPLES) entry.examples.push(showPath(path));
    this.found.set(reason, entry);
  }

  get list(): LeftOut[] {
    return [...this.found.values()];
  }
}

/** A path as rsync prints it: bytes that are no text as `\#ooo`. */
export function showPath(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  return latin1.replaceAll(/[^\0-\x7f]/g, (char) => `\\#${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** rsync is told to stay on the filesystem where it begins: what has another device is not carried. */
const staysOnDevice = ({ btrfs, zfs }: MoverSpec) => !zfs?.recursive && !btrfs?.nested;

/** What one entry is left out for, or in part. Pure. */
export function reasonsOf(entry: Entry, rootDevice: string, { mover, keeps }: Walked): LeftOutReason[] {
  const { type, device, inode, path } = entry;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (type === 'd' && device !== rootDevice && staysOnDevice(mover))
    return [inode === SUBVOLUME_INODE ? 'subvolume' : 'mount'];
  if (type === 'd' && inode === MISSING_SUBVOLUME_INODE && path !== '') return ['subvolume'];
  if (type === 'd' && name === PARTIAL_FOLDER) return ['tidemark'];
  const extra = rsyncOptions(mover).extraOptions;
  const isDevice = type === 'b' || type === 'c';
  if (isDevice && (extra.includes('--no-devices') || (keeps && !isRoot(keeps)))) return ['device'];
  if ((type === 's' || type === 'p') && extra.includes('--no-specials')) return ['socket'];
  if (!keeps) return [];
  const isOthers = !isRoot(keeps) && (entry.uid !== keeps.uid || !keeps.gids.includes(entry.gid));
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

/** Calls back with each ended record of what comes in chunks. */
function makeRecordReader(onRecord: (record: string) => void, end = '\0'): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const records = (rest + chunk.toString('latin1')).split(end);
    rest = records.pop() ?? '';
    records.forEach(onRecord);
  };
}

/** Output is read as it comes; what of it is kept is nobody's. */
const optionsOf = ({ sourcePath, signal }: Walked) => ({
  cwd: sourcePath,
  maxOutputBytes: 64 * 1024,
  ...(signal && { signal }),
});

/** All but what is left out at the top, and is told of by itself. */
function walkCommand({ mover }: Walked): string[] {
  const top = ['-path', `./${OWN_FOLDER}`, '-o', '-path', `./${LOST_FOUND}`];
  const prune = ['(', ...top, '-o', '-path', `*/${PARTIAL_FOLDER}/*`, ')', '-prune', '-o'];
  return ['find', '.', ...(staysOnDevice(mover) ? ['-xdev'] : []), ...prune];
}

async function walk(host: Host, walked: Walked): Promise<LeftOut[]> {
  const tally = new Tally(walked.onFound);
  let rootDevice = '';
  const onStdout = makeRecordReader((record) => {
    const [, type = '', device = '', inode = '', uid, gid, mtime = '', path = ''] = LINE.exec(record) ?? [];
    if (path === '') rootDevice = device;
    const entry = { type, device, inode, uid: Number(uid), gid: Number(gid), mtime, path };
    for (const reason of reasonsOf(entry, rootDevice, walked)) tally.add(reason, path || '.');
  });
  // Entries that vanish meanwhile make find fail with the rest already printed.
  const argv = [...walkCommand(walked), ...makeTests(walked), '-printf', FORMAT];
  await host.run(argv, { ...optionsOf(walked), onStdout });
  return tally.list;
}

/** What lies at the top and is never carried; Tidemark's own files about this volume are nobody's data. */
async function lookAtTop(host: Host, { sourcePath, onFound }: Walked): Promise<LeftOut[]> {
  const tally = new Tally(onFound);
  const at = (...names: string[]) => host.files.stat(join(sourcePath, ...names));
  if ((await at(OWN_FOLDER)) && !(await at(OWN_FOLDER, STATE_FILE))) tally.add('tidemark', OWN_FOLDER);
  const lostFound = await at(LOST_FOUND);
  const isEmptyFolder = async () => {
    const argv = ['find', '.', '-mindepth', '1', '-print', '-quit'];
    const { exitCode, stdout } = await host.run(argv, { cwd: join(sourcePath, LOST_FOUND) });
    return exitCode === 0 && stdout.length === 0;
  };
  if (lostFound && !(lostFound.type === 'directory' && (await isEmptyFolder().catch(() => false))))
    tally.add(LOST_FOUND, LOST_FOUND);
  return tally.list;
}

const NAMES: Record<AttributeSpace, string> = {
  user: 'user\\.',
  trusted: 'trusted\\.(?!SGI_ACL_)',
  security: 'security\\.capability$',
  acl: 'system\\.posix_acl_',
};

/** The attributes that a receiver does not keep: others than root see and write `user.*` and ACLs alone. */
export function lostSpaces(keeps: Keeps | undefined): AttributeSpace[] {
  if (!keeps) return [];
  return [
    ...new Set<AttributeSpace>([
      ...(isRoot(keeps) ? [] : (['trusted', 'security'] as const)),
      ...keeps.lacks,
    ]),
  ];
}

/** Reads the names of attributes, where some of them are not kept. */
async function findLostAttributes(host: Host, walked: Walked): Promise<LeftOut[]> {
  const spaces = lostSpaces(walked.keeps);
  if (spaces.length === 0) return [];
  const tally = new Tally(walked.onFound);
  let path = '';
  let told = new Set<LeftOutReason>();
  const readLine = (line: string) => {
    if (line.startsWith('# file: ')) {
      path = unescapeAttributePath(line.slice('# file: '.length));
      told = new Set();
      return;
    }
    const space = spaces.find((each) => new RegExp(`^${NAMES[each]}`).test(line));
    const reason = space && REASON_OF_ATTRIBUTE[space];
    if (reason === undefined || told.has(reason)) return;
    told.add(reason);
    tally.add(reason, path);
  };
  const onStdout = makeRecordReader(readLine, '\n');
  const find = [...walkCommand(walked), '!', '-type', 'l', '-print0'];
  const getfattr = ['xargs', '-0', '-r', 'getfattr', '-h', '-m', '-', '--'];
  await host.pipe([find, getfattr], { ...optionsOf(walked), onStdout });
  return tally.list;
}

/** As getfattr prints it: a backslash and three octal digits for what would break the line. */
function unescapeAttributePath(text: string): string {
  return text
    .replace(/^\.\//, '')
    .replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What of a tree is not carried, or not wholly. Reads the tree, not its files. */
export async function findLeftOut(host: Host, walked: Walked): Promise<LeftOut[]> {
  return mergeLeftOut(
    ...(await Promise.all([walk(host, walked), lookAtTop(host, walked), findLostAttributes(host, walked)])),
  );
}
