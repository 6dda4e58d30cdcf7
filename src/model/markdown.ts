/** Markdown for the Temporal UI, made of text that users and tools wrote. */
import type { Instant } from './records';

/**
 * Text of users and tools in a paragraph, a list or a cell: it can neither end those nor begin markup.
 * Dashes are escaped too, because two of them would become one long one, and commands would be wrong.
 */
export function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\|`<>*_[\]~#&]|-(?=-)|(?<=-)-/g, String.raw`\$&`);
}

/** What is typed or read letter by letter: a path, a name, a command. */
export function code(text: string): string {
  return /[`|\\]|^\s|\s$|^$/.test(text) ? plain(text) : `\`${text.replaceAll(/\s+/g, ' ')}\``;
}

/** A table of cells that are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** An instant, to the second. */
export function time(instant: Instant | undefined): string {
  return instant ? instant.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC') : '–';
}

/** Blocks, and room after the last: the Temporal UI cuts a page off that ends with a table. */
export function page(blocks: readonly string[]): string {
  return [...blocks, '\u00a0', '\u00a0'].join('\n\n');
}
