/** Counts what a stream would change and delete, before its first byte goes: a stream itself does not say. */
import { join } from 'node:path';
import type { Host } from '../../../hosts/contract';
import { pipeChecked, runChecked, tailOf } from '../../../hosts/run-checked';
import { TidemarkError } from '../../../model/errors';
import type { LeftOut } from '../../../model/left-out';
import { Tally } from '../../../trees/left-out';
import { withCopy } from '../clones';
import type { Entry } from '../listing';
import type { Place } from '../place';
import type { TransferId } from '../../../movers/contract';
import type { CountedDeletions } from '../../../movers/shared/approval';

const BYTEWISE = ['env', 'LC_ALL=C'];
const SORT = [...BYTEWISE, 'sort', '-z'];

/** Names that are read of what would go. */
const EXAMPLE_BYTES = 4096;

/** Two files of records that end with a zero byte, in the order of their bytes. */
interface Listing {
  paths: string;
  /** Each path with what is another one whenever the entry was written to. */
  states: string;
  entries: number;
  leftOut: LeftOut[];
}

/** Lists a frozen state with its children, sorted on disk: a tree may have more entries than memory takes. */
async function listFrozen(place: Place, snapshot: Entry, reader: string, file: string): Promise<Listing> {
  const { host } = place;
  const [paths, states] = [`${file}-paths`, `${file}-states`];
  return await withCopy(place, snapshot, reader, async ({ path, covered }) => {
    // Making a mount point in a copy moves the change time of the folder around it.
    const folders = ['-type', 'd', '-fprintf', states, String.raw`%T@ %m %U %G %P\0`];
    const others = ['-fprintf', states, String.raw`%C@ %i %P\0`];
    const find = ['find', path, '(', ...folders, '-o', ...others, ')', '-printf', String.raw`%P\0`];
    await pipeChecked(host, [find, [...SORT, '-o', paths]], {}, place.volume.path);
    await runChecked(host, [...SORT, '-o', states, '--', states]);
    const entries = (await countPaths(host, ['cat', '--', paths])).count;
    const tally = new Tally();
    for (const part of covered) tally.add('covered', Buffer.from(part.slice(1)).toString('latin1'));
    return { paths, states, entries, leftOut: tally.list };
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

export interface CountedEntries extends CountedDeletions {
  /** Entries that are made, changed or deleted. */
  changed: number;
  leftOut: LeftOut[];
}

/**
 * What the frozen state has, what a tree of it can't hold, and what differs from its base. Paths are compared: what was
 * renamed counts as deleted, as it does where files are compared.
 */
export async function countEntries(
  place: Place,
  { id, frozen, base }: { id: TransferId; frozen: Entry; base?: Entry },
): Promise<CountedEntries> {
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
    if (!base) return { entries, leftOut, changed: entries };
    const before = await listFrozen(place, base, id.target, join(folder, 'base'));
    const compare = (...files: string[]) => countPaths(host, [...BYTEWISE, 'comm', '-z', '-23', ...files]);
    const { count: removed, examples } = await compare(before.paths, now.paths);
    const changed = removed + (await compare(now.states, before.states)).count;
    return { entries, leftOut, baseEntries: before.entries, removed, changed, examples };
  } finally {
    await host.files.remove(folder);
  }
}
