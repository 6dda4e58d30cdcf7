/** What a stream is going to change at the target, known before its first byte goes. */
import type { Host } from '../../../hosts/contract';
import { makeRecordReader } from '../../../hosts/record-reader';
import { runChecked, toolFailed } from '../../../hosts/run-checked';
import type { TransferRequest } from '../../../movers/contract';
import { type CountedDeletions, isLimited } from '../../../movers/shared/approval';
import { describeLink } from '../../../movers/shared/link';
import { landingOf } from '../../../movers/shared/told';
import { transferAttempt } from '../../../movers/shared/names';
import { classifyStream, foundNobody } from './classify';
import { type StreamContents, StreamCounter } from './dump';
import type { PartsPlan, SentPart, TreePart } from './parts';

export const sendArgv = ({ path, base }: SentPart, ...options: string[]) => [
  ...['btrfs', 'send', '--quiet', ...options],
  ...(base === undefined ? [] : ['-p', base]),
  path,
];

const DUMP = ['btrfs', 'receive', '--dump'];

/** What an incremental is going to change, without reading any contents. */
async function lookAhead(
  host: Host,
  part: SentPart,
  { id, opened, signal }: TransferRequest,
): Promise<StreamContents> {
  const counter = new StreamCounter();
  const attempt = transferAttempt(host.home, id);
  const [send, dump] = await host.pipe([sendArgv(part, '--no-data'), DUMP], {
    attempt,
    signal,
    maxOutputBytes: 64 * 1024,
    onStdout: (chunk) => counter.push(chunk),
  });
  if (!send || !dump) throw new Error('a pipe of two answered fewer results');
  const isSent = send.exitCode === 0 || foundNobody(send);
  if (isSent && dump.exitCode === 0) return counter.result();
  if (isSent) throw toolFailed(host, DUMP, dump);
  throw classifyStream({
    ...(await describeLink(host, id, landingOf(opened))),
    send,
    ssh: dump,
    sourcePath: part.path,
  });
}

const add = (one: StreamContents, other: StreamContents): StreamContents => ({
  bytes: one.bytes + other.bytes,
  changed: one.changed + other.changed,
  deleted: one.deleted + other.deleted,
  examples: [...one.examples, ...other.examples],
});

const NOTHING: StreamContents = { bytes: 0, changed: 0, deleted: 0, examples: [] };

/** What stands for an inner subvolume in a snapshot: btrfs sends nothing of it, and rsync an empty folder. */
export const STUB_INODE = '2';

const FIND = ['find', '.', '-path', './.tidemark', '-prune', '-o', '!', '-inum', STUB_INODE];

/** Entries of a frozen state, itself included, with those of the subvolumes that were frozen with it. */
export async function countFrozen(host: Host, path: string): Promise<number> {
  let count = 0;
  const onStdout = (chunk: Buffer) => (count += chunk.length);
  await runChecked(host, [...FIND, '-printf', '.'], { cwd: path, onStdout, maxOutputBytes: 1024 });
  return count;
}

/** What a subvolume brings that the target has nothing of: all that is in it. */
async function lookAtNew(host: Host, { path }: SentPart): Promise<StreamContents> {
  const contents = { ...NOTHING };
  const onEntry = (size: string) => {
    contents.changed++;
    contents.bytes += Number(size);
  };
  await runChecked(
    host,
    [...FIND, '(', '-type', 'f', '-printf', String.raw`%s\0`, '-o', '-printf', String.raw`0\0`, ')'],
    {
      cwd: path,
      onStdout: makeRecordReader(onEntry, '\0').push,
      maxOutputBytes: 1024,
    },
  );
  return contents;
}

/** Every name in a tree, byte by byte. */
async function listNames(host: Host, parts: readonly TreePart[]): Promise<Set<string>> {
  const names = new Set<string>();
  for (const { path, place } of parts) {
    const prefix = place === '' ? '' : Buffer.from(place).toString('latin1');
    const onName = (name: string) => names.add([prefix, name].filter((each) => each !== '').join('/'));
    await runChecked(host, [...FIND, '-printf', String.raw`%P\0`], {
      cwd: path,
      onStdout: makeRecordReader(onName, '\0').push,
      maxOutputBytes: 1024,
    });
  }
  return names;
}

export interface Foreseen extends StreamContents {
  counted: CountedDeletions;
}

/** The deletions are names that the base has and the capture has not, in whichever of its subvolumes. */
export async function foresee(
  host: Host,
  { parts, former }: PartsPlan,
  request: TransferRequest,
): Promise<Foreseen> {
  const { capture, stream, maxDeletionsPercent } = request;
  let ahead = NOTHING;
  for (const part of parts) {
    if (part.base !== undefined) ahead = add(ahead, await lookAhead(host, part, request));
    else if (stream?.base) ahead = add(ahead, await lookAtNew(host, part));
  }
  if (former && stream?.base) {
    const [before, now] = await Promise.all([
      listNames(host, former),
      listNames(host, [{ path: capture.path, place: '' }]),
    ]);
    const gone = [...before].filter((name) => !now.has(name));
    const examples = gone.slice(0, 5).map((name) => Buffer.from(name, 'latin1').toString());
    // The stream of what remains has told of its own; what went with a whole subvolume comes to it.
    const changed = ahead.changed + Math.max(0, gone.length - ahead.deleted);
    ahead = { ...ahead, changed, deleted: gone.length, examples };
  }
  const counted = { removed: ahead.deleted, examples: ahead.examples };
  if (!isLimited(request)) return { ...ahead, counted: { ...counted, entries: Infinity } };
  // Onto the newest state of the replica, the stream itself tells everything that goes.
  const isOntoNewest = stream?.how === 'incremental';
  const entries = isOntoNewest ? Infinity : await countFrozen(host, capture.path);
  const isShare = maxDeletionsPercent !== undefined && stream?.base !== undefined;
  const base = former ?? [{ path: stream?.base?.sourceName ?? '', place: '' }];
  const counts = isShare ? await Promise.all(base.map(({ path }) => countFrozen(host, path))) : [];
  const baseEntries = counts.reduce((sum, count) => sum + count, 0);
  return { ...ahead, counted: { ...counted, entries, ...(isShare && { baseEntries }) } };
}
