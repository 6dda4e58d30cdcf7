/**
 * The scripts that the far end runs with its own `sh`. They are fixed texts: whatever a user
 * wrote comes as an argument, never as part of a script. POSIX, for dash, bash and busybox alike.
 */
import type { RunOptions, RunResult } from '../contract';

/** Runs one of these scripts, whatever its exit code. */
export type RunScript = (script: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;

/**
 * A function `alive GROUP`: whether a process group has a member that is not a zombie, which harms
 * nobody and may never be reaped. Reads `/proc` itself, since procps may be missing.
 */
const ALIVE = String.raw`
alive() {
  kill -s 0 -- "-$1" 2>/dev/null || return 1
  w=$1
  for f in /proc/[0-9]*/stat; do
    read -r x <"$f" || continue
    x=${'$'}{x##*) }
    set -- $x
    [ "$3" = "$w" ] || continue
    case $1 in Z|X) ;; *) return 0 ;; esac
  done 2>/dev/null
  return 1
}
# Waits until the group is gone, for so many twentieths of a second at most.
await() {
  t=0
  while alive "$1"; do
    [ "$t" -lt "$2" ] || return 1
    sleep 0.05
    t=$((t + 1))
  done
  return 0
}
`;

/** English and UTF-8, `sbin` on the way, and nothing that would change how a tool behaves. */
const ENVIRONMENT = String.raw`
unset LANGUAGE TAR_OPTIONS BASH_ENV ENV RSYNC_RSH RSYNC_PROXY RSYNC_PARTIAL_DIR RSYNC_CONNECT_PROG
LC_ALL=C.UTF-8
for f in /usr/local/sbin /usr/sbin /sbin; do
  case :$PATH: in *:$f:*) ;; *) PATH=$PATH:$f ;; esac
done
export PATH LC_ALL
`;

/** Makes a shell ready for what {@link runInShell} writes to it. */
export const PREPARE = ENVIRONMENT;

/**
 * What a prepared shell runs next: a quick program, framed, in the shell's own process group. All
 * arguments are quoted. `over` comes last on both streams, with the exit code.
 */
export function runInShell(
  nonce: string,
  {
    command,
    cwd,
    variables,
    input,
  }: { command: string; cwd?: string; variables: readonly string[]; input?: string },
): string {
  const frame = (word: string, to = '') => `printf '\\035%s:%s\\n' ${nonce} ${word}${to}`;
  const both = (word: string) => `${frame(word)}; ${frame(word, ' >&2')}`;
  const enter =
    cwd === undefined ? '' : `cd ${cwd} 2>/dev/null || { ${frame('no-folder', ' >&2')}; exit 125; }; `;
  const exports = variables.map((variable) => `export ${variable}; `).join('');
  const program = `(${enter}${exports}exec ${command})`;
  // Of the shell's own: no process has it among its arguments.
  const fed = input === undefined ? `${program} </dev/null` : `printf %s ${input} | ${program}`;
  return `${both('begin:$$')}; ${fed}; c=$?; ${both('over:$c')}\n`;
}

/** Ends what is read from a channel and then run: a connection that is lost may cut it off. A comment, for a shell. */
export const WHOLE = ' #whole';

/**
 * Starts a program in a session of its own, frames its output, and ends only when all of its process group is gone, and
 * the channel's input has ended: an exec of Kubernetes may drop what a program printed last if it ends before that was
 * read (in 1 of 300 programs with 100 kB of output, 40 at once). Arguments: nonce, how many bytes of the channel are the
 * program's variables (quoted, and ended by {@link WHOLE}; 0: none), how many after these are its input, whether it is
 * ended with the channel's input (1 or 0), folder (empty: none), file for standard input (empty: the channel's), file for standard output (empty: the channel's), linger and
 * kill-after in twentieths of a second, then the program as it is looked up, and the argv. See {@link makeFrameReader} for
 * the frames.
 */
export const SUPERVISE = String.raw`
n=$1 v=$2 b=$3 h=$4
shift 4
d=$1 i=$2 o=$3 l=$4 k=$5 p=$6
shift 6
refuse() { printf '\035%s:%s\n' "$n" "$1" >&2; cat >/dev/null; exit "$2"; }
${ENVIRONMENT}
if [ -n "$d" ]; then cd "$d" 2>/dev/null || refuse no-folder 125; fi
case $p in
  */*) if [ ! -e "$p" ]; then refuse no-program 127; fi
       if [ -d "$p" ] || [ ! -x "$p" ]; then refuse not-executable 126; fi ;;
  *) command -v "$p" >/dev/null || refuse no-program 127 ;;
esac
${ALIVE}
if [ "$v" = 0 ]; then v=
else
  v=$(dd bs="$v" count=1 iflag=fullblock status=none)
  case $v in *'${WHOLE}') ;; *) exit 125 ;; esac
fi
exec 3<&0 </dev/null
start() {
  exec 3<&-
  export TIDEMARK_VARIABLES="$v"
  exec setsid sh -c '
n=$1 i=$2 o=$3
shift 3
if [ -n "$TIDEMARK_VARIABLES" ]; then eval "export $TIDEMARK_VARIABLES"; fi
unset TIDEMARK_VARIABLES
printf "\035%s:begin:%s\n" "$n" "$$"
printf "\035%s:begin:%s\n" "$n" "$$" >&2
if [ -n "$i" ]; then exec <"$i"; fi
if [ -n "$o" ]; then exec >"$o"; fi
exec "$@"' sh "$n" "$i" "$o" "$@"
}
if [ -n "$i" ]; then start "$@" &
else head -c "$b" <&3 2>/dev/null | start "$@" &
fi
p=$!
end() {
  kill -s TERM -- "-$p" 2>/dev/null
  await "$p" "$k" || kill -s KILL -- "-$p" 2>/dev/null
}
w=
if [ "$h" = 1 ]; then
  { cat <&3 >/dev/null; end; } &
  w=$!
fi
{ wait "$p"; } 2>/dev/null
c=$?
[ -z "$w" ] || kill "$w" 2>/dev/null
if ! await "$p" "$l"; then
  end
  while alive "$p"; do sleep 0.05; done
fi
printf '\035%s:end:%s\n' "$n" "$c"
printf '\035%s:end:%s\n' "$n" "$c" >&2
cat <&3 >/dev/null
exit "$c"
`;

/** Ends a process group: TERM, then KILL after so many twentieths of a second. Arguments: group, that. */
export const END_GROUP = String.raw`${ALIVE}
kill -s TERM -- "-$1" 2>/dev/null || exit 0
await "$1" "$2" || kill -s KILL -- "-$1" 2>/dev/null
exit 0
`;

/**
 * Ends every process of an attempt: whatever has the marker in its environment. A first grep finds
 * candidates, a second one tells them from those whose marker only begins alike. Prints how many there were;
 * where some survive KILL, ends with 75 and prints their numbers. Arguments: the marker, and both waits
 * in twentieths of a second.
 */
export const END_ATTEMPTS = String.raw`
m=$1 s=TERM t=0 seen=' ' count=0
LC_ALL=C
export LC_ALL
while :; do
  found=
  for f in $(grep -lF -e "$m" /proc/[0-9]*/environ 2>/dev/null); do
    q=${'$'}{f#/proc/}
    q=${'$'}{q%/environ}
    tr '\0' '\n' <"$f" 2>/dev/null | grep -Fxq -e "$m" || continue
    found="$found $q"
    case $seen in
      *" $q:$s "*) ;;
      *) case $seen in *" $q:"*) ;; *) count=$((count + 1)) ;; esac
         kill -s "$s" "$q" 2>/dev/null
         seen="$seen$q:$s " ;;
    esac
  done
  [ -n "$found" ] || { echo "$count"; exit 0; }
  if [ "$s" = TERM ] && [ "$t" -ge "$2" ]; then s=KILL t=0
  elif [ "$s" = KILL ] && [ "$t" -ge "$3" ]; then echo "$found"; exit 75
  else sleep 0.05; t=$((t + 1)); fi
done
`;

/**
 * Writes a file: durable, then in place at once. Standard input: the content. Arguments: path, temporary name, mode,
 * length in bytes. A connection that breaks ends the input early: what is too short is thrown away.
 */
export const WRITE_FILE = String.raw`
d=${'$'}{1%/*}
umask 077
[ -d "${'$'}{d:-/}" ] || (umask 022; mkdir -p -- "$d") || exit 1
fail() { rm -f -- "$2"; exit 1; }
dd of="$2" bs=65536 conv=fsync status=none || fail "$@"
[ "$(wc -c <"$2")" -eq "$4" ] || { echo 'the input was cut off' >&2; fail "$@"; }
[ "$3" = 600 ] || chmod "$3" "$2" || fail "$@"
mv -fT -- "$2" "$1" || fail "$@"
sync "${'$'}{d:-/}" 2>/dev/null || sync
`;

/** Makes a folder and its parents. Arguments: path, mode (empty: as the umask has it). */
export const MAKE_FOLDER = String.raw`
[ ! -d "$1" ] || exit 0
mkdir -p -- "$1" || exit 1
[ -z "$2" ] || chmod "$2" "$1"
`;

/** Makes a key pair in place of one that is there, and prints the public half. Argument: path. */
export const MAKE_KEY_PAIR = String.raw`
rm -f -- "$1" "$1.pub" || exit 1
command -v ssh-keygen >/dev/null || exit 127
ssh-keygen -q -t ed25519 -N '' -C tidemark -f "$1" || exit 1
cat -- "$1.pub"
`;

/**
 * Renames within one filesystem; `mv` would copy from one to another. Arguments: from, to.
 */
export const RENAME = String.raw`
a=${'$'}{1%/*} b=${'$'}{2%/*}
a=${'$'}{a:-/} b=${'$'}{b:-/}
if [ "$(stat -c %d -- "$a")" != "$(stat -c %d -- "$b")" ]; then
  echo "$1 and $2 are on different filesystems" >&2
  exit 1
fi
mv -fT -- "$1" "$2" || exit 1
sync "$b" 2>/dev/null || sync
`;

/** Removes a file, a symlink or a tree. Argument: path. */
export const REMOVE = String.raw`
rm -rf --one-file-system -- "$1" 2>/dev/null && exit 0
# A folder without permission to write keeps its entries, for everybody but root.
find "$1" -xdev -type d ! -perm -700 -exec chmod u+rwx {} +
rm -rf --one-file-system -- "$1"
`;
