/**
 * One landing for several exact commands. The client says which by the last word of the command that it asks for;
 * nothing else of what it asks is looked at.
 */

/** What the script ends with where no word fits. */
export const UNKNOWN_COMMAND = 64;

/**
 * A fixed script. Arguments, for each command: the word that asks for it, how many words the command has, and these.
 * Those of the chosen one are moved behind all others, which are then dropped, so that nothing is ever parsed again.
 */
const SCRIPT = [
  'asked=${SSH_ORIGINAL_COMMAND-}; kept=0',
  [
    'while [ $# -gt 1 ]',
    'do word=$1; n=$2; shift 2',
    'case "$asked" in *" . $word") while [ "$n" -gt 0 ]',
    'do set -- "$@" "$1"; shift; n=$((n - 1)); kept=$((kept + 1)); done',
    'shift $(($# - kept)); exec "$@";; esac',
    'shift "$n"; done',
  ].join('; '),
  'echo "this landing runs no such command" >&2',
  `exit ${UNKNOWN_COMMAND}`,
].join('; ');

/** A command that runs the one whose word the client of the landing asks for, and none for any other. */
export function chooseCommand(commands: Readonly<Record<string, readonly string[]>>): string[] {
  const words = Object.entries(commands).flatMap(([word, argv]) => [word, String(argv.length), ...argv]);
  return ['sh', '-c', SCRIPT, 'tidemark', ...words];
}
