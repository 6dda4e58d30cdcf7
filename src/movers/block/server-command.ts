/** The command that a landing runs, checked by the target. Pure. */
import { PLACEHOLDER_PATH, refuseCommand } from '../rsync/one-file';
import { BLOCK_BYTES, type Kind } from './options';

/** Between two files owner, group, time and mode go along; nothing else is ever combined. */
const LETTERS: Record<Kind, RegExp> = {
  file: /^-((?:ogtp)?I)e\.[A-Za-z]*$/,
  device: /^-(I)e\.[A-Za-z]*$/,
};

const ALLOWED = [
  /^--log-format=%i$/,
  new RegExp(`^-B${BLOCK_BYTES}$`),
  /^--timeout=\d{1,5}$/,
  /^--bwlimit=\d{1,12}$/,
  /^--compress-choice=(zstd|lz4)$/,
  /^--numeric-ids$/,
  /^--info=STATS2$/,
  /^--inplace$/,
  /^--write-devices$/,
];

const REQUIRED: Record<Kind, readonly string[]> = {
  file: ['--inplace'],
  device: ['--inplace', '--write-devices'],
};

interface Target {
  kind: Kind;
  /** Real: a symlink would be replaced by a file. */
  path: string;
  /** There is nothing but zeros yet. */
  isBlank: boolean;
}

/**
 * The offered command, once it proved to be one that this mover makes, with the real path.
 *
 * Holes stay holes in a file. Into a device rsync can't leave any: it fails there (3.5.0, EINVAL). Where there are but zeros
 * nothing can be equal, and looking for it costs: 2 GiB took 3 s whole, and 20 s compared.
 * @throws TidemarkError `InvalidSpec` for any other command
 */
export function completeServerCommand(offered: readonly string[], { kind, path, isBlank }: Target): string[] {
  const [program, server, letters = '', ...rest] = offered;
  const [dot, placeholder] = rest.splice(-2);
  if (program !== 'rsync' || server !== '--server') refuseCommand(offered.slice(0, 2).join(' '));
  if (dot !== '.' || placeholder !== PLACEHOLDER_PATH) refuseCommand(`${dot} ${placeholder}`);
  if (!LETTERS[kind].test(letters)) refuseCommand(letters);
  const names = rest.map((option) => option.split('=')[0] ?? '');
  for (const [index, option] of rest.entries()) {
    if (names.indexOf(names[index] ?? '') !== index) refuseCommand(`${option} twice`);
    if (!ALLOWED.some((allowed) => allowed.test(option))) refuseCommand(option);
  }
  for (const required of REQUIRED[kind]) if (!names.includes(required)) refuseCommand(`no ${required}`);
  if (kind === 'file' && names.includes('--write-devices')) refuseCommand('--write-devices to a file');
  if (!path.startsWith('/')) throw new Error(`not an absolute path: ${path}`);
  // Without a word on it, rsync empties a file that is to have holes before it writes.
  const [how, word] = isBlank ? ['W', []] : ['', ['--no-W']];
  // The source alone paces the transfer: a clock set back here would have this side sleep as long.
  const options = rest.filter((option) => !option.startsWith('--bwlimit='));
  const holes = kind === 'file' ? 'S' : '';
  return ['rsync', '--server', `-${how}${holes}${letters.slice(1)}`, ...options, ...word, '.', path];
}
