/** One writer at a time at a target, whatever tool it is. */

/** What `flock` ends with where another writer holds the lock. */
export const LOCK_CONFLICT = 75;

/** A writer that was told to end is gone by then, or it hangs, and its successor may not write either. */
const LOCK_WAIT_SECONDS = 10;

/**
 * The command with a file or folder locked for as long as any of its processes runs: a connection that
 * broke at the source only is still open here, and its writer must not meet the next one.
 */
export function lockWriter(path: string, command: readonly string[]): string[] {
  const options = ['--no-fork', `--wait=${LOCK_WAIT_SECONDS}`, `--conflict-exit-code=${LOCK_CONFLICT}`];
  return ['flock', ...options, path, ...command];
}
