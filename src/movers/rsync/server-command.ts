/** The command that rsync runs at the target: asked of rsync itself, and checked by the target. Pure. */
import { TidemarkError } from '../../model/errors';
import { type Keeps, modifyWindow } from '../../model/keeps';
import { isSent, type LandingMode, PARTIAL_FOLDER, PLACEHOLDER_PATH } from './options';

const ANNOUNCEMENT = /^opening connection using: (.*) {2}\((\d+) args\)$/m;

/** Short options that an offer may combine; `n`, the dry run, is for `verify` alone. */
const LETTERS = /^-([lHogDtpAXrRxScyWOJn]+)e\.[A-Za-z]*$/;

/** Long options that an offer may hold, in any of the modes. */
const ALLOWED = [
  /^--log-format=%i$/,
  /^--timeout=\d{1,5}$/,
  /^--bwlimit=\d{1,12}$/,
  /^--compress-choice=(zstd|lz4)$/,
  /^--numeric-ids$/,
  // --modify-window=-1
  /^-@-1$/,
  /^--(no-)?(specials|devices)$/,
  /^--info=(MOUNT,)?STATS2$/,
];
const ALLOWED_FOR_WRITING = [
  /^--delete-delay$/,
  /^--no-W$/,
  /^--ignore-errors$/,
  /^--fsync$/,
  /^--preallocate$/,
];
const ALLOWED_BY_MODE: Record<LandingMode, RegExp[]> = {
  inPlace: [...ALLOWED, ...ALLOWED_FOR_WRITING, /^--inplace$/],
  delayed: [...ALLOWED, ...ALLOWED_FOR_WRITING, /^--delay-updates$/],
  verify: [...ALLOWED, /^--delete$/, /^--ignore-errors$/, /^--fsync$/, /^--preallocate$/],
};
const REQUIRED: Record<LandingMode, string[]> = {
  inPlace: ['--inplace', '--delete-delay'],
  delayed: ['--delay-updates', '--delete-delay', '--partial-dir'],
  verify: ['--delete'],
};

/**
 * Finds the server's arguments in what rsync prints with `--debug=CMD`. Words that need it stand in
 * double quotes, with backslashes before what would be special.
 * @throws TidemarkError `ToolFailed` where rsync printed something else.
 */
export function parseServerCommand(output: string): string[] {
  const [, line = '', count] = ANNOUNCEMENT.exec(output) ?? [];
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|[^ ]+/g)].map(
    ([word, quoted]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? word,
  );
  const start = words.indexOf('--server') - 1;
  // As many words as rsync says: then no word was split or joined.
  if (start < 0 || words.length !== Number(count)) {
    throw new TidemarkError('ToolFailed', 'rsync did not say which command it runs at the target', {
      toolMessage: output.slice(-2000),
      hint: 'rsync 3.2 or newer is needed at the source',
    });
  }
  return words.slice(start);
}

/** @throws TidemarkError `InvalidSpec` */
export function refuseCommand(what: string): never {
  throw new TidemarkError('InvalidSpec', `the source offers a command that this mover never runs: ${what}`, {
    hint: 'both hosts must run a Tidemark of the same version',
  });
}

function checkOptions(options: readonly string[], mode: LandingMode): void {
  const names = new Set<string>();
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? '';
    const name = option.split('=')[0] ?? '';
    if (names.has(name)) refuseCommand(`${option} twice`);
    names.add(name);
    if (mode === 'delayed' && option === '--partial-dir' && options[i + 1] === PARTIAL_FOLDER) i++;
    else if (!ALLOWED_BY_MODE[mode].some((allowed) => allowed.test(option))) refuseCommand(option);
  }
  for (const required of REQUIRED[mode])
    if (!names.has(required)) refuseCommand(`${mode} without ${required}`);
}

/** As the client leaves out what can't be stored here. A comparison by checksum looks at it all the same. */
function dropUnsent(letters: string, mode: LandingMode, keeps: Keeps | undefined): string {
  if (mode === 'verify' && letters.includes('c')) return letters;
  const [options = '', ...abilities] = letters.split('e.');
  const sent = [...options].filter((letter) => (letter !== 'A' && letter !== 'X') || isSent(letter, keeps));
  return [sent.join(''), ...abilities].join('e.');
}

/**
 * The command that a landing runs: the offered one, once it proved to be one that this mover makes,
 * with the real path, and with the target's own limit on deletions.
 * @throws TidemarkError `InvalidSpec` for any other command.
 */
export function completeServerCommand(
  offered: readonly string[],
  {
    mode,
    path,
    maxDeletions,
    keeps,
  }: { mode: LandingMode; path: string; maxDeletions?: number; keeps?: Keeps },
): string[] {
  const [program, server, letters = '', ...rest] = offered;
  const [dot, placeholder] = rest.splice(-2);
  if (program !== 'rsync' || server !== '--server') refuseCommand(offered.slice(0, 2).join(' '));
  if (dot !== '.' || placeholder !== PLACEHOLDER_PATH) refuseCommand(`${dot} ${placeholder}`);
  const short = LETTERS.exec(letters)?.[1];
  if (short === undefined) refuseCommand(letters);
  if (short.includes('n') !== (mode === 'verify')) refuseCommand(`${letters} to ${mode}`);
  checkOptions(rest, mode);
  if (!path.startsWith('/')) throw new Error(`not an absolute path: ${path}`);
  const limit = maxDeletions === undefined ? [] : [`--max-delete=${maxDeletions}`];
  // The source alone paces the transfer: a clock set back here would have this side sleep as long.
  const options = rest
    .filter((option) => !option.startsWith('--bwlimit='))
    .map((option) => (option === '-@-1' ? `-@${modifyWindow(keeps)}` : option));
  // `/.` because rsync makes a missing folder where the path ends otherwise.
  return [
    'rsync',
    '--server',
    dropUnsent(letters, mode, keeps),
    ...limit,
    ...options,
    '.',
    `${path.replace(/\/+$/, '')}/.`,
  ];
}
