/** Counts what a stream would delete, before its first byte goes: a stream itself does not say. */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { pipeChecked, tailOf } from '../../hosts/run-checked';
import { TidemarkError } from '../../model/errors';
import { LEFT_OUT_EXAMPLES, type LeftOut, mergeLeftOut } from '../../model/left-out';
import { withCopy } from '../../volumes/zfs/clones';
import type { Entry } from '../../volumes/zfs/listing';
import type { Place } from '../../volumes/zfs/place';
import type { TransferId } from '../contract';
import type { CountedDeletions } from '../shared/approval';

/** Names that are read of what would go. */
const EXAMPLE_BYTES = 4096;

interface Listing {
  /** Paths that end with a zero byte, in the order of their bytes. */
  file: string;
  entries: number;
  leftOut: LeftOut[];
}

/** Lists a frozen state with its children, sorted on disk: a tree may have more entries than memory takes. */
async function listFrozen(place: Place, snapshot: Entry, reader: string, file: string): Promise<Listing> {
  const { host } = place;
  return await withCopy(place, snapshot, reader, async ({ path, covered }) => {
    const find = ['find', path, '-mindepth', '1', '-printf', '%P\\0'];
    const sort = ['env', 'LC_ALL=C', 'sort', '-z', '-o', file];
    await pipeChecked(host, [find, sort], {}, place.volume.path);
    // The volume's own folder is an entry too.
    const entries = 1 + (await countPaths(host, ['cat', '--', file])).count;
    const examples = covered.slice(0, LEFT_OUT_EXAMPLES).map((part) => part.slice(1));
    return { file, entries, leftOut: mergeLeftOut([{ reason: 'covered', count: covered.length, examples }]) };
  });
}

/** Counts paths that a program prints, each with a zero byte behind it, and keeps some. */
async function countPaths(host: Host, argv: string[]): Promise<{ count: number; examples: string[] }> {
  let count = 0;
  let head = Buffer.alloc(0);
  const onStdout = (chunk: Buffer) => {
    if (head.length < EXAMPLE_BYTES) head = Buffer.concat([head, chunk.subarray(0, EXAMPLE_BYTES)]);
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1)) count++;
  };
  const { exitCode, stderr } = await host.run(argv, { onStdout, maxOutputBytes: 64 * 1024 });
  if (exitCode !== 0) {
    const details = { host: host.name, toolMessage: tailOf(stderr) };
    throw new TidemarkError('ToolFailed', 'the entries of two states can not be compared', details);
  }
  return { count, examples: splitNames(head) };
}

function splitNames(head: Buffer): string[] {
  const names = head.toString('latin1').split('\0').slice(0, -1);
  return names.map((name) => showName(Buffer.from(name, 'latin1')));
}

/** As rsync prints it: what is no UTF-8, and what would change a line, as octal digits. */
function showName(name: Buffer): string {
  const text = name.toString('utf8');
  const isText = Buffer.from(text).equals(name);
  const toShow = isText ? text : name.toString('latin1');
  return toShow.replaceAll(isText ? /\p{Cc}/gu : /[^ -~]/g, (character) => {
    const digits = character.charCodeAt(0).toString(8).padStart(3, '0');
    return `\\#${digits}`;
  });
}

/**
 * What the frozen state has, what a tree of it can't hold, and what its base had that it has not. Paths are compared: what was renamed counts as
 * deleted, as it does where files are compared.
 */
export async function countEntries(
  place: Place,
  { id, frozen, base }: { id: TransferId; frozen: Entry; base?: Entry },
): Promise<CountedDeletions & { leftOut: LeftOut[] }> {
  const { host } = place;
  const folder = join(
    host.home,
    'listings',
    encodeURIComponent(id.relationship),
    encodeURIComponent(id.target),
  );
  await host.files.mkdir(folder, 0o700);
  try {
    const now = await listFrozen(place, frozen, id.target, join(folder, 'frozen'));
    const { entries, leftOut } = now;
    if (!base) return { entries, leftOut };
    const before = await listFrozen(place, base, id.target, join(folder, 'base'));
    const comm = ['env', 'LC_ALL=C', 'comm', '-z', '-23', before.file, now.file];
    const { count, examples } = await countPaths(host, comm);
    return { entries, leftOut, baseEntries: before.entries, removed: count, examples };
  } finally {
    await host.files.remove(folder);
  }
}
