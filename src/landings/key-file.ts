/**
 * Lines in an `authorized_keys` that belongs to somebody else: every other line, its owner and its mode
 * stay as they are, and what was made for ours alone goes with the last of them.
 */
import { createHash } from 'node:crypto';
import type { Host, RunResult } from '../hosts/contract';
import { runChecked, tailOf } from '../hosts/run-checked';
import { TidemarkError } from '../model/errors';
import { replaceLines } from './authorized-keys';

const CHANGED = 75;
const TRIES = 20;

/**
 * Answers the file that a path leads to, what we have noted to have made, whether its folder and the file
 * are there, and then its content. Arguments: path, path of the note.
 */
const LOOK = String.raw`
p=$1
[ ! -L "$p" ] || p=$(readlink -f -- "$p")
printf '%s\0' "$p"
[ ! -e "$2" ] || cat -- "$2"
printf '\0'
[ ! -d "${'$'}{p%/*}" ] || printf folder
printf '\0'
[ -e "$p" ] || { printf '\0'; exit 0; }
printf 'file\0'
exec cat -- "$p"
`;

/**
 * Puts standard input in a file's place, if that is still what was read: others of ours wait for each
 * other at the folder's lock. Arguments: path, checksum of what was read (`none`: no file), length.
 */
const REPLACE = String.raw`
p=$1 d=${'$'}{1%/*} t="$1.tidemark-$$"
umask 077
[ -d "$d" ] || mkdir -p -- "$d" || exit 1
exec 9<"$d" || exit 1
flock -w 20 9 || { echo "$d is locked by another process" >&2; exit 1; }
if [ -e "$p" ]; then s=$(sha256sum <"$p" | cut -d ' ' -f 1); else s=none; fi
[ "$s" = "$2" ] || exit 75
fail() { rm -f -- "$t"; exit 1; }
dd of="$t" bs=65536 conv=fsync status=none || fail
[ "$(wc -c <"$t")" -eq "$3" ] || { echo 'the input was cut off' >&2; fail; }
if [ -e "$p" ]; then
  # Owner, mode, ACLs and labels.
  cp --attributes-only --preserve=all -- "$p" "$t" && touch -- "$t" || fail
fi
mv -fT -- "$t" "$p" || fail
sync "$d" 2>/dev/null || sync
`;

/** Removes a file that we made, while it is empty; and its folder, where that is `folder`. */
const REMOVE_EMPTY = String.raw`
d=${'$'}{1%/*}
exec 9<"$d" || exit 0
flock -w 20 9 || exit 1
[ -s "$1" ] || rm -f -- "$1"
[ "$2" != folder ] || rmdir -- "$d" 2>/dev/null || true
`;

export interface KeyFile {
  /** Makes exactly these the lines of this owner. */
  write(lines: readonly string[]): Promise<void>;
}

const checksum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/**
 * @param path of the file, which may not be there, or be a symlink.
 * @param owner whose lines are ours; see `replaceLines`.
 */
export function openKeyFile(host: Host, path: string, owner: string): KeyFile {
  // What we made ourselves, for when nothing of it is needed any more.
  const madePath = `${host.home}/authorized-keys-made`;
  const script = (text: string, ...args: string[]) => ['sh', '-c', text, 'sh', ...args];
  const fail = ({ stderr }: RunResult) =>
    new TidemarkError('ToolFailed', `${path} could not be changed`, {
      host: host.name,
      toolMessage: tailOf(stderr),
      hint: 'landings need to put a line there: let the login user write it, or name another file with --authorized-keys',
    });

  /** Four texts that end in a NUL each, and the bytes of the file. */
  const look = async () => {
    const result = await host.run(script(LOOK, path, madePath));
    if (result.exitCode !== 0) throw fail(result);
    let rest = result.stdout;
    const [file = path, made = '', folder, there] = Array.from({ length: 4 }, () => {
      const end = rest.indexOf(0);
      const text = rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
      return text;
    });
    return { file, made, hasFolder: folder !== '', before: there === '' ? undefined : rest };
  };
  const forgetMade = async (file: string, made: string) => {
    await runChecked(host, script(REMOVE_EMPTY, file, made));
    await host.files.remove(madePath);
  };
  const tryWrite = async (lines: readonly string[]): Promise<boolean> => {
    const { file, made, hasFolder, before } = await look();
    const after = replaceLines(before ?? Buffer.alloc(0), owner, lines);
    if (before === undefined && after.length > 0 && made === '')
      await host.files.write(madePath, hasFolder ? 'file' : 'folder');
    if (!after.equals(before ?? Buffer.alloc(0))) {
      const sum = before === undefined ? 'none' : checksum(before);
      const argv = script(REPLACE, file, sum, String(after.length));
      const result = await host.run(argv, { stdin: after });
      if (result.exitCode === CHANGED) return false;
      if (result.exitCode !== 0) throw fail(result);
    }
    if (after.length === 0 && made !== '') await forgetMade(file, made);
    // By now it holds what others wrote, and is theirs.
    else if (lines.length === 0 && made !== '') await host.files.remove(madePath);
    return true;
  };
  return {
    async write(lines) {
      for (let tries = 0; tries < TRIES; tries++) if (await tryWrite(lines)) return;
      throw new TidemarkError('ToolFailed', `${path} is changed by others again and again`, {
        host: host.name,
        hint: 'look for what rewrites it all the time, for example a configuration management',
      });
    },
  };
}
