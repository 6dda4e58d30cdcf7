/** The options that rsync is started with. Pure; the very same for the offer and for the transfer. */
import type { RsyncTransfer } from './told';
import { rsyncOptions } from '../../model/movers';
import { isRoot, type Keeps, modifyWindow } from '../../model/keeps';
import type { MoverSpec, RsyncSpec } from '../../model/spec';
import { sizeToBytes } from '../../model/units';
import type { WriteMode } from '../contract';

/** The way of writing, or reading only. */
export type LandingMode = WriteMode | 'verify';

/**
 * A transfer goes over its landing more than once: `dry` counts what `main` would do, and writes nothing; `content`
 * compares files that are named to it by their contents, and deletes nothing.
 */
export type Pass = 'main' | 'dry' | 'content';

/** What the client names as its destination: the landing alone knows the real path. */
export const PLACEHOLDER_PATH = '/landing/';

/** The same, and by it which pass it is. */
export const placeholderOf = (pass: Pass): string =>
  pass === 'main' ? PLACEHOLDER_PATH : `${PLACEHOLDER_PATH}${pass}/`;

/** Holds what was cut off, beside each file that is written with `delayed`. */
export const PARTIAL_FOLDER = '.tidemark-partial';

/**
 * The same behind an account: rsync's own, which is no argument. Those that confine an account take one for a single folder,
 * in which files of one name meet, and are lost: measured with rrsync of rsync 3.5.0.
 */
export const PARTIAL_FOLDER_OF_ACCOUNT = '.~tmp~';

/** What can't be left to a landing, where the other end is an account of somebody else's. */
export interface AtAccount {
  /** At most so many deletions, in the pass that deletes. */
  maxDeletions?: number;
}

/**
 * Everything that a file is: what `verify` compares and `transfer` brings over. Without the window of
 * -1, rsync takes times within one second for equal.
 */
function makeEverything(keeps: Keeps | undefined, account: AtAccount | undefined): string[] {
  if (!account) return ['--numeric-ids', '--modify-window=-1'];
  const window = modifyWindow(keeps);
  // Written out, since rsync itself would ask for it by a word that rrsync refuses.
  return ['--numeric-ids', ...(window === 0 ? [] : [`--remote-option=--modify-window=${window}`])];
}

/** What a receiver can't store is not sent: it would fail there. Compared it is, all the same. */
export function isSent(letter: 'A' | 'X', keeps: Keeps | undefined): boolean {
  if (letter === 'A') return keeps?.lacks.includes('acl') !== true;
  // Root is sent attributes of several kinds, each of which may be told apart by a rule.
  return !keeps || isRoot(keeps) || !keeps.lacks.includes('user');
}

/** Rules for attributes that root can't store at a receiver. */
function lackedAttributes(keeps: Keeps | undefined): string[] {
  if (!keeps || !isRoot(keeps)) return [];
  const rules = { user: '-x user.*', trusted: '-x trusted.*', security: '-x security.*', acl: undefined };
  return keeps.lacks.map((space) => rules[space]).flatMap((rule) => (rule ? [`--filter=${rule}`] : []));
}

/** A peer that is silent for so long is gone; ssh itself notices a dead link sooner. */
const SILENCE_SECONDS = 30;
/** While contents are summed up, rsync says nothing about a big file. */
export const SILENCE_WHEN_SUMMING_SECONDS = 1800;

/**
 * Stays on the volume's filesystem, with a folder for what is mounted there. What btrfs sends has no such
 * folder where another subvolume is, or has that subvolume too.
 */
function makeReach({ btrfs, zfs }: MoverSpec): string[] {
  // A child of a dataset is mounted inside of it.
  if (zfs?.recursive) return [];
  if (!btrfs) return ['--one-file-system'];
  return btrfs.nested ? [] : ['--one-file-system', '--one-file-system'];
}

const MODES: Record<LandingMode, readonly string[]> = {
  inPlace: ['--inplace', '--no-whole-file'],
  delayed: ['--no-whole-file', `--partial-dir=${PARTIAL_FOLDER}`, '--delay-updates'],
  verify: ['--dry-run', '--delete'],
};

/**
 * Where the target has files of several names, what is named in the pass `content` is rewritten: names that were one
 * file and have parted would go on sharing its mode and owner, were their contents equal. What is equal is not sent.
 *
 * Named files that the target has not are left to the main pass, and so are those that are gone by now; a folder in
 * a file's place makes way.
 */
const PASSES: Record<Pass, readonly string[]> = {
  main: ['--delete-delay'],
  dry: ['--delete-delay', '--dry-run'],
  content: ['--files-from=-', '--from0', '--existing', '--force', '--ignore-missing-args'],
};

/**
 * What is left out. Whole rules, because `--exclude` gives `!` and a leading `+ ` a meaning. Folders
 * of partial files are hidden at the source; at the target they count as deleted, so that what an
 * attempt left goes at the end of the next one.
 * @param whole what is copied is a state of its storage, with all that is in it.
 */
export function makeFilters(
  { include, exclude, keepExtra }: RsyncSpec,
  mode: LandingMode,
  whole = false,
  folder = PARTIAL_FOLDER,
): string[] {
  if (whole && mode === 'inPlace') return [];
  const partial = mode === 'verify' ? `- ${folder}/` : `H ${folder}/`;
  return [
    ...(whole ? [] : ['- /.tidemark', '- /lost+found']),
    partial,
    ...(mode === 'delayed' ? [`R ${folder}/`] : []),
    ...(keepExtra && mode !== 'verify' ? ['P *'] : []),
    // Hidden at the source alone: what is excluded goes at the target, as if it had been deleted.
    ...include.map((pattern) => `S ${pattern}`),
    ...exclude.map((pattern) => `H ${pattern}`),
  ].map((rule) => `--filter=${rule}`);
}

/**
 * XFS shows root each ACL a second time, as an attribute that no other filesystem has: rsync would
 * remove it for not being at the source, and the ACL with it. Rules of one's own replace rsync's for
 * root, which leaves out `system.*`; others than root see and write `user.*` alone, whatever is there.
 */
const ATTRIBUTE_RULES = ['-x system.*', '-x trusted.SGI_ACL_*'].map((rule) => `--filter=${rule}`);

function makeLinkOptions(
  { bandwidthLimit, compress: stated }: RsyncSpec,
  resolved: Record<string, string>,
  account: AtAccount | undefined,
): string[] {
  const { compress } = resolved;
  // An older rsync knows none of the newer ways: the two of them find one that both know.
  const isNegotiated = account !== undefined && stated === 'auto';
  return [
    ...(bandwidthLimit ? [`--bwlimit=${Math.max(1, Math.round(sizeToBytes(bandwidthLimit) / 1024))}`] : []),
    ...(compress === 'zstd' || compress === 'lz4'
      ? ['--compress', ...(isNegotiated ? [] : [`--compress-choice=${compress}`])]
      : []),
  ];
}

/** Who writes behind a landing, and what can be kept there. */
export function writerOf({
  landing: { user, account },
  found: { keeps },
}: Pick<RsyncTransfer, 'landing' | 'found'>): {
  writer: string;
  keeps?: Keeps;
  account?: AtAccount;
} {
  const isRootThere = keeps ? isRoot(keeps) : user === 'root';
  return {
    writer: isRootThere ? 'root' : user,
    ...(keeps && { keeps }),
    ...(account && { account: {} }),
  };
}

/** The folder in which what was cut off waits at the other end. */
export const partialFolderOf = (account: AtAccount | undefined): string =>
  account ? PARTIAL_FOLDER_OF_ACCOUNT : PARTIAL_FOLDER;

function makeMode(mode: LandingMode, pass: Pass, account: AtAccount | undefined): readonly string[] {
  if (!account || mode === 'verify') return MODES[mode];
  const { maxDeletions } = account;
  const limit = pass === 'main' && maxDeletions !== undefined ? [`--max-delete=${maxDeletions}`] : [];
  return [...MODES[mode].filter((option) => !option.startsWith('--partial-dir=')), ...limit];
}

const OUTPUT: Record<Pass | 'verify', readonly string[]> = {
  main: ['--info=progress2,stats2,mount1', '--out-format=%i'],
  content: ['--info=progress2,stats2,mount1', '--out-format=%i'],
  dry: ['--info=stats2,mount1', '--out-format=%i %l %n'],
  verify: ['--out-format=%i %l %n'],
};

/**
 * Options of the client, without `-e`, source and destination. Output as `output.ts` reads it.
 * @param writer the user as whom the landing writes; not known yet, and not needed, for an offer.
 */
export function makeClientOptions(
  mover: MoverSpec,
  mode: LandingMode,
  resolved: Record<string, string>,
  {
    writer,
    pass = 'main',
    keeps,
    account,
  }: { writer?: string; pass?: Pass; keeps?: Keeps; account?: AtAccount } = {},
): string[] {
  const { checksum, extraOptions } = rsyncOptions(mover);
  // What would be deleted shows without reading contents.
  const isRenewed = pass === 'content' && mode === 'delayed';
  const wanted = !isRenewed && (pass === 'content' || (checksum && pass !== 'dry'));
  const sums = mode === 'verify' ? resolved['compare'] !== 'quick' : wanted;
  // Whatever differs is named, also what a receiver can't store; of an account, what it can't store is told by itself.
  const stored = mode === 'verify' && sums && !account ? undefined : keeps;
  return [
    `-aH${isSent('A', stored) ? 'A' : ''}${isSent('X', stored) ? 'X' : ''}S`,
    ...makeEverything(keeps, account),
    ...makeReach(mover),
    ...makeMode(mode, pass, account),
    ...(mode === 'verify' ? [] : PASSES[pass]),
    ...(sums ? ['--checksum'] : []),
    // Of one item: with folders on its way that are missing at the target, and nothing else.
    ...(resolved['relative'] === 'yes' ? ['--relative'] : []),
    ...(isRenewed ? ['--ignore-times'] : []),
    ...extraOptions,
    `--timeout=${sums || isRenewed || checksum ? SILENCE_WHEN_SUMMING_SECONDS : SILENCE_SECONDS}`,
    ...makeLinkOptions(rsyncOptions(mover), resolved, account),
    ...makeFilters(rsyncOptions(mover), mode, resolved['whole'] === 'yes', partialFolderOf(account)),
    ...(writer === 'root' ? [...ATTRIBUTE_RULES, ...lackedAttributes(stored)] : []),
    '--no-human-readable',
    ...OUTPUT[mode === 'verify' ? mode : pass],
  ];
}
