/** The words of a command that somebody asks for by SSH, as a shell would part them. No shell ever sees it. Pure. */

/** Undefined for what no rsync ever sends: a quote that does not end, a line break, a zero byte. */
export function partWords(command: string): string[] | undefined {
  // eslint-disable-next-line no-control-regex -- these are what is refused
  if (/[\u0000\r\n]/.test(command)) return undefined;
  const words: string[] = [];
  const TOKEN = /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"|([ \t]+)|([^\s\\'"])/gsy;
  let word: string | undefined;
  while (TOKEN.lastIndex < command.length) {
    const found = TOKEN.exec(command);
    if (!found) return undefined;
    const [, escaped, single, double, gap, plain] = found;
    if (gap === undefined) {
      word = (word ?? '') + (escaped ?? single ?? double?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
