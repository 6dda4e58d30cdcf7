/** Two names of one folder change places, so that the replica is never missing from its own. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import type { Place } from '../directory/place';
import { makeError } from '../shared/tools';

/** The number of the system call renameat2, which Perl has no name for. */
const RENAMEAT2: Record<string, number> = {
  x86_64: 316,
  aarch64: 276,
  riscv64: 276,
  loongarch64: 276,
  ppc64le: 357,
  ppc64: 357,
  s390x: 347,
  i686: 353,
  armv7l: 382,
};

/** Both paths from the working directory (-100), exchanged (2). */
const PERL =
  'exit 0 if syscall($ARGV[0] + 0, -100, $ARGV[1], -100, $ARGV[2], 2) == 0; print STDERR "exchange: $!\n"; exit 1';

interface Way {
  /** Undefined where it is none on this kind of machine. */
  argv: (place: Place, one: string, other: string) => Promise<string[] | undefined>;
  /** What it says where it does not know how. */
  unable: RegExp;
}

/** Coreutils since 9.5, util-linux since 2.40, and Perl, which every Debian has. */
const WAYS: readonly Way[] = [
  {
    argv: async (_, one, other) => ['mv', '--exchange', '--no-target-directory', '--', one, other],
    unable: /unrecognized option|unknown option|invalid option|not supported/,
  },
  { argv: async (_, one, other) => ['exch', one, other], unable: /not supported|not implemented/ },
  {
    argv: async ({ host }, one, other) => {
      const { stdout } = await host.run(['uname', '-m']);
      const call = RENAMEAT2[stdout.toString().trim()];
      return call === undefined ? undefined : ['perl', '-e', PERL, String(call), one, other];
    },
    unable: /not implemented|not permitted/,
  },
];

/** The way that worked, once one has: by host, whose tools don't change often. */
const known = new WeakMap<Host['files'], number>();

/** True where it was done; false where this way is none here. */
async function tryWay(place: Place, way: Way, one: string, other: string): Promise<boolean> {
  const argv = await way.argv(place, one, other);
  if (!argv) return false;
  try {
    const { exitCode, stderr } = await place.host.run(argv);
    if (exitCode === 0) return true;
    if (way.unable.test(stderr)) return false;
    throw makeError(place, 'ToolFailed', `${one} and ${other} can't change places`, {
      toolMessage: stderr.trim(),
    });
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'ToolMissing') return false;
    throw error;
  }
}

/** Where the replica's successor is made, and where the old one is once both have changed places. */
export const successorPath = (root: string) => join(dirname(root), `.${basename(root)}.tidemark-new`);
/** Where the old one waits for a moment where names can't be exchanged. */
const predecessorPath = (root: string) => join(dirname(root), `.${basename(root)}.tidemark-old`);

/**
 * The successor takes the replica's name, and the replica the successor's: at once where the host has a tool
 * for it, otherwise by two renames, whose first {@link mendNames} undoes or completes.
 * @param ways for tests: how it may be done.
 */
export async function exchangeNames(place: Place, ways: readonly number[] = [0, 1, 2]): Promise<void> {
  const { host, root } = place;
  const successor = successorPath(root);
  const first = known.get(host.files);
  const order = first === undefined || !ways.includes(first) ? ways : [first];
  for (const index of order) {
    const way = WAYS[index];
    if (way && (await tryWay(place, way, successor, root))) {
      known.set(host.files, index);
      return;
    }
  }
  const predecessor = predecessorPath(root);
  await host.files.rename(root, predecessor);
  await host.files.rename(successor, root);
  await host.files.rename(predecessor, successor);
}

/** Gives the replica its name back where two renames were cut off in between. Idempotent. */
export async function mendNames({ host, root }: Pick<Place, 'host' | 'root'>): Promise<void> {
  const [successor, predecessor] = [successorPath(root), predecessorPath(root)];
  const names = await host.files.list(dirname(root));
  if (!names.includes(basename(predecessor))) return;
  // The old one is moved away only once its successor is whole.
  if (!names.includes(basename(root)))
    await host.files.rename(names.includes(basename(successor)) ? successor : predecessor, root);
  else await host.files.rename(predecessor, successor);
}
