/**
 * Words as `xargs -0`, `rsync --from0` and the like read them from the standard input: each ended by a NUL.
 * @param words bytes, one character each (`latin1`)
 */
export const nulWords = (words: readonly string[]): Buffer =>
  Buffer.from(words.map((word) => `${word}\0`).join(''), 'latin1');
