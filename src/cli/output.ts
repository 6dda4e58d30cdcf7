/** Every command's result, as a table, JSON or YAML; and every error in the same form. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Told } from '../client/exit-codes';
import { formatError } from '../client/format-error';
import { suggest } from '../model/suggest';
import { lazy } from './lazy';

export const FORMATS = ['table', 'wide', 'name', 'json', 'yaml'] as const;
/** Or `jsonpath=…`, as kubectl has it. */
export type Format = (typeof FORMATS)[number] | `jsonpath=${string}`;

export interface OutputOptions {
  output: Format;
}

export function makeOutputOption(): Option {
  const option = new Option('-o, --output <format>', 'how to print the result, also jsonpath={.…}');
  return option.choices(FORMATS).argParser(parseFormat).default('table');
}

function parseFormat(text: string): Format {
  const format = FORMATS.find((each) => each === text);
  if (format) return format;
  if (text.startsWith('jsonpath=')) return text as Format;
  const guess = suggest(text, FORMATS);
  throw new InvalidArgumentError(
    guess ? `Did you mean ${guess}?` : `It must be among ${FORMATS.join(', ')}, jsonpath={.…}.`,
  );
}

/** A table is wanted, or more of one. */
export function isTable({ output }: OutputOptions): boolean {
  return output === 'table' || output === 'wide';
}

/** Prints data in the format asked for; `toText` makes the table, `toData` what programs get in place of the value. */
export function print<T>(
  value: T,
  options: OutputOptions,
  toText: (value: T) => string,
  toData: (value: T) => unknown = (same) => same,
): void {
  const text = isTable(options) ? toText(value) : render(toData(value), options.output, String);
  process.stdout.write(`${text}\n`);
}

export function render<T>(value: T, format: Format, toText: (value: T) => string): string {
  switch (format) {
    case 'json':
      return JSON.stringify(value, undefined, 2);
    case 'yaml':
      return lazy.yaml().stringify(value).trimEnd();
    case 'name':
      return [value].flat().map(nameOf).join('\n');
    case 'table':
    case 'wide':
      return toText(value);
    default:
      return lazy.jsonPath().evaluate(value, format.slice('jsonpath='.length));
  }
}

/** What a result is called, by itself or by its id. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, id, syncId, workflowId } = value as Partial<Record<string, string>>;
  return name ?? id ?? syncId ?? workflowId ?? '';
}

/** What is said besides the result goes to stderr, so that the result can be piped. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The format that was asked for, found even where the rest of the command line is wrong. */
export function findFormat(argv: readonly string[]): Format {
  for (const [index, argument] of argv.entries()) {
    const joined = /^(?:--output=|-o=?)(\w+)$/.exec(argument)?.[1];
    const value = argument === '-o' || argument === '--output' ? argv[index + 1] : joined;
    if (value === 'json' || value === 'yaml') return value;
  }
  return 'table';
}

export function printError(told: Told, format: Format): void {
  process.stderr.write(`${render({ error: told }, format, () => formatError(told))}\n`);
}

/** Adds the option of a command that changes something: why, for the history. */
export function addReason(command: Command): Command {
  return command.option('--reason <text>', 'why, for the history');
}

/** Adds the option for output, and examples to the help. Every command goes through here. */
export function finish(command: Command, examples: readonly string[], { output = true } = {}): Command {
  if (output) command.addOption(makeOutputOption());
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`,
  );
}
