/**
 * What runs in the pod of a door by TLS: fixed scripts, whose first argument is the door's folder, and the configurations of
 * stunnel and of rsync's daemon. On the wire as VolSync's: whoever pushes goes into the module `data`, and says that all is there
 * by a file `complete` in the module `control`.
 */
import { KEEP_ALIVE, TUNNEL_RULES } from '../../../landings/tunnel';
import { SAY } from '../door/scripts';

/** What rsync puts before the target of every link that comes, since a daemon that is not confined must not follow them. */
const MUNGED = '/rsyncd-munged/';

/** For whoever comes, one after the other: the daemon, on their connection. What a push ended with is noted after it. */
export const SERVE = `${SAY}exec 8>"$d/turn" 9>"$d/lock"
flock 8
rm -f -- "$d/let-in"
rsync --server --daemon --config="$d/rsyncd.conf" .
code=$?
[ ! -e "$d/let-in" ] || say ended "$code"
exit "$code"
`;

/**
 * For the daemon, before it serves a module; `$2` is the volume. What it prints is told to whoever pushes. The lock that
 * {@link SERVE} has opened it takes for that one, which keeps it until what the push ended with is noted. The agent, as it
 * looks, takes it for an instant: hence the wait. That all is there, the agent notes before whoever says so is told that it counts.
 */
export const ADMIT = `${SAY}refuse() { echo "tidemark: $1"; exit 1; }
case $RSYNC_MODULE_NAME:$RSYNC_REQUEST in
control:control/complete) SSH_ORIGINAL_COMMAND='shutdown 0' exec sh "$d/ask.sh" "$d" 2>&1 ;;
control:control/symlink-munging-file) exit 0 ;;
control:*) refuse 'here one says by the file complete that all was pushed, and nothing else' ;;
data:data | data:data/) ;;
*) refuse "push to the whole volume, which is called data, and not $RSYNC_REQUEST" ;;
esac
case $(cat "$d/state" 2>/dev/null) in
*'"complete"'*) refuse 'what was pushed before is being taken: push again in a moment' ;;
esac
dry= n=2
while eval "[ -n \\"\\\${RSYNC_ARG$n+x}\\" ] && arg=\\$RSYNC_ARG$n"; do
  n=$((n + 1))
  case \${arg%%e.*} in
  --sender) refuse 'this module only takes: nothing is read from here' ;;
  -[!-]*R* | -R* | --relative) refuse 'push without --relative (-R), with a slash at the end of the folder' ;;
  -[!-]*s* | -s* | --secluded-args | --protect-args) refuse 'push without --secluded-args (-s)' ;;
  -[!-]*n* | -n* | --dry-run) dry=yes ;;
  esac
done
[ -z "$dry" ] || exit 0
cd -- "$2" || refuse 'the volume is not there: nothing was written'
flock --wait 5 9 || refuse 'another push is under way'
say begun 0 2>/dev/null || refuse 'this push could not be noted, and does not count: a disk is full, or broken'
[ -e "$d/first" ] || cp -- "$d/state" "$d/first"
: >"$d/let-in"
`;

/** For rsync, in place of ssh: the other end is here. */
export const HERE = `shift
exec "$@"
`;

/**
 * For the agent: gives the links in the volume \`$2\` their own targets back, with all that they and their folders are besides, by
 * rsync itself: what sends takes off what the daemon has put before them.
 */
export const UNMUNGE = `cd -- "$2" || exit 1
munged() { find . -xdev -type l -lname '${MUNGED}*' "$@"; }
[ -n "$(munged -print -quit)" ] || exit 0
munged -print0 | rsync -lptgoH --modify-window=-1 --numeric-ids --munge-links --from0 --files-from=- -e "sh $1/here.sh" ./ here:./
[ -z "$(munged -print -quit)" ]
`;

/** For the agent: until whoever has been let in is served, 10 s at most. */
export const SERVED = 'flock --wait 10 "$1/turn" true';

/** By which rsync would write through links that an earlier push has left, or to what is named besides. */
const REFUSED = [
  ...['no-implied-dirs', 'keep-dirlinks', 'files-from', 'fake-super', 'copy-as'],
  ...['backup', 'backup-dir', 'temp-dir', 'partial-dir', 'compare-dest', 'copy-dest', 'link-dest'],
];

/** @param isRoot then files come with their owners */
export function makeDaemonConfig({
  folder,
  volume,
  isRoot,
}: {
  folder: string;
  volume: string;
  isRoot: boolean;
}): string {
  const admit = `pre-xfer exec = sh ${folder}/admit.sh ${folder} ${volume}`;
  return `log file = ${folder}/rsync.log
use chroot = no
munge symlinks = yes
numeric ids = yes
reverse lookup = no
list = no
read only = no
write only = yes
max verbosity = 10
refuse options = ${REFUSED.join(' ')}
${isRoot ? 'uid = 0\ngid = *\n' : ''}
[data]
path = ${volume}
${admit}

[control]
path = ${folder}/control
${admit}
`;
}

/** @param key the file of the shared key */
export function makeDoorConfig({
  folder,
  key,
  address,
  port,
}: {
  folder: string;
  key: string;
  address: string;
  port: number;
}): string {
  return `${TUNNEL_RULES}debug = info
${KEEP_ALIVE}

[rsync]
PSKsecrets = ${key}
accept = ${address}:${port}
exec = /bin/sh
execargs = sh ${folder}/serve.sh ${folder}
`;
}
