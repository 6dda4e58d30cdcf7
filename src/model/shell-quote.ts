/** One word of a command line for a POSIX shell: where a login shell runs it, or a person types it. Pure. */

/** Quoted, whatever it holds but a NUL. */
export function quoteAlways(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Quoted where a shell would take it apart. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !/^\w+=/.test(word) ? word : quoteAlways(word);
}
