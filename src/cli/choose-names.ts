/** Which relationships a command for many is for: by their names, by their labels, or all. */
import type { Command } from 'commander';
import { ClientError } from '../client/exit-codes';
import { getFleet } from '../client/fleet';
import { vanishedText } from '../model/vanished';
import { confirm } from './confirm';
import { note } from './output';
import { parseList } from './parse';

export interface NamesOptions {
  selector?: string[];
  all?: boolean;
  yes?: boolean;
}

/** So many are named in a question. */
const NAMED = 5;

/** Adds what chooses relationships, beside their names. */
export function addChoiceOfNames(command: Command): Command {
  return command
    .argument('[names...]', 'the relationships')
    .option('-l, --selector <labels>', 'those with these labels: tier=gold,region', parseList)
    .option('--all', 'all of them')
    .option('-y, --yes', 'do not ask, where labels or --all choose');
}

/** @throws ClientError `WrongUse` where nobody is named, or in two ways */
export function requireOneWay(
  verb: string,
  given: readonly string[],
  { selector, all }: Pick<NamesOptions, 'selector' | 'all'>,
): void {
  const ways = [given.length > 0, selector !== undefined, all === true].filter(Boolean).length;
  if (ways === 1) return;
  const message =
    ways === 0
      ? 'which relationships? name them, or give --selector or --all'
      : 'names, --selector and --all exclude each other';
  throw new ClientError('WrongUse', message, { hint: `tidemark ${verb} --help` });
}

/** Those that are meant, and asks first where nobody has named them. @throws ClientError */
export async function chooseNames(
  verb: string,
  given: readonly string[],
  options: NamesOptions,
): Promise<string[]> {
  requireOneWay(verb, given, options);
  const { selector: labels, yes } = options;
  if (given.length > 0) return [...new Set(given)];
  const { relationships } = await getFleet({ labels });
  // One that nobody can ask keeps no other from it.
  for (const { name, vanished } of relationships)
    if (vanished) note(`warning: ${name} is left out: ${vanishedText(vanished)}`);
  const names = relationships.filter(({ vanished }) => !vanished).map(({ name }) => name);
  if (names.length === 0)
    throw new ClientError('NotFound', 'there is no such relationship', {
      hint: 'tidemark get -L KEY lists them with a label',
    });
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const count = names.length === 1 ? '1 relationship' : `${names.length} relationships`;
  if (!yes) await confirm(`${verb} ${count}: ${names.slice(0, NAMED).join(', ')}${more}?`);
  return names;
}
