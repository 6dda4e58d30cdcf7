/**
 * What changes the state of a door: fixed scripts, each with the door's lock held for as long as any of its processes runs. So no
 * two pushes write at once, none begins while a sync reads, and no sync reads what is half done; whoever is killed.
 *
 * `state` says how what lies in the folder came about; `readers` has a file for each who reads it.
 */
import { lockWriter } from '../../../movers/shared/lock-writer';

/** A sync reads what is there: the push has to wait. */
export const IS_READ = 76;
/** What is there is not whole. */
export const NOT_WHOLE = 77;
/** What would be written to is not there. */
export const NOT_THERE = 78;

/** What becomes of a push could not be noted: it does not count. */
export const NOT_NOTED = 79;

/** By what exit codes of its receiving end rsync says that the folder is what the source is: 24, but for files that went. */
const WHOLE_CODES = '0 24';

/** For scripts whose first argument is the door's folder: notes how what lies there stands. */
export const SAY = `say() {
  printf '{"state":"%s","at":"%s","code":%s}\\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)" "$2" >"$d/state.new" &&
    sync "$d/state.new" && mv -fT -- "$d/state.new" "$d/state" && sync "$d"
}
d=$1
`;

const PUSH = `${SAY}folder=$2; claims=$3; whole=$4; shift 4
[ -z "$(ls -A "$d/readers" 2>/dev/null)" ] || exit ${IS_READ}
[ -e "$claims" ] && cd -- "$folder" && [ "$(pwd -P)" = "$folder" ] || exit ${NOT_THERE}
say begun 0 2>/dev/null || exit ${NOT_NOTED}
"$@"
code=$?
case " $whole " in
*" $code "*) { sync -f . && say complete "$code"; } 2>/dev/null || exit ${NOT_NOTED} ;;
*) say ended "$code" ;;
esac
exit "$code"
`;

const OVER = `${SAY}case $(cat "$d/state" 2>/dev/null) in
*'"complete"'*) exit 0 ;;
*'"ended"'*) ;;
*) exit ${NOT_WHOLE} ;;
esac
code=$(sed -n 's/.*"code":\\([0-9]*\\)}.*/\\1/p' "$d/state")
case " $3 " in
*" $code "*) sync -f "$2" && say complete 0 ;;
*) exit ${NOT_WHOLE} ;;
esac
`;

const HOLD = `d=$1
case $(cat "$d/state" 2>/dev/null) in
*'"complete"'*) mkdir -p -- "$d/readers" && cat "$d/state" >"$d/readers/$2" && sync "$d/readers/$2" "$d/readers" ;;
*) exit ${NOT_WHOLE} ;;
esac
`;

const locked = (folder: string, script: string, ...args: string[]) =>
  lockWriter(`${folder}/lock`, ['sh', '-c', script, 'tidemark', folder, ...args]);

/** Runs rsync's receiving end. @param claims has to be there; @param isWhole its good end says that what is there is whole */
export const pushing = (
  door: string,
  { folder, claims, isWhole }: { folder: string; claims: string; isWhole: boolean },
  rsync: readonly string[],
): string[] => locked(door, PUSH, folder, claims, isWhole ? WHOLE_CODES : '', ...rsync);

/** Notes that what was pushed is whole. @param codes by which its receiving end may have ended */
export const ending = (door: string, folder: string, codes = WHOLE_CODES): string[] =>
  locked(door, OVER, folder, codes);

/** Has pushes wait, where what is there is whole. @param reader a name for a file */
export const holding = (door: string, reader: string): string[] => locked(door, HOLD, reader);
