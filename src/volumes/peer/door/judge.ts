/**
 * What is done for somebody who asks for a command at a door: rsync's receiving end, into the folder of the door and nowhere
 * else. Whatever they ask for is hostile until it is known. Pure.
 */
import { partWords } from './words';

export type Asked =
  /** The options of rsync's receiving end; `isDry`: it only looks. */
  | { kind: 'push'; options: string[]; isDry: boolean }
  /** What was pushed is whole. */
  | { kind: 'over' }
  | { kind: 'refused'; why: string };

export interface DoorRules {
  folder: string;
  signal?: 'volsync' | undefined;
}

/**
 * Options of one letter that change nothing but what becomes of the files in the folder. Not: `s`, whose other options come where
 * nobody sees them; `K` and `R`, which go through links to folders; `b`, `f`, `M`, `T`, which name others.
 */
const LETTERS = 'vlogDtprAXHSxzcnuWydImJONUqEhgikLm';
const CLUSTER = new RegExp(`^-([${LETTERS}]*)(e\\d*\\.[A-Za-z]*)?$`);

const PLAIN = [
  ...['delete', 'delete-before', 'delete-during', 'delete-after', 'delete-delay', 'delete-excluded'],
  ...[
    'delete-missing-args',
    'ignore-missing-args',
    'ignore-errors',
    'force',
    'numeric-ids',
    'partial',
    'inplace',
  ],
  ...[
    'append',
    'size-only',
    'ignore-existing',
    'existing',
    'ignore-non-existing',
    'delay-updates',
    'preallocate',
  ],
  ...[
    'new-compress',
    'old-compress',
    'stats',
    'safe-links',
    'copy-unsafe-links',
    'super',
    'fsync',
    'specials',
  ],
  ...[
    'no-specials',
    'devices',
    'no-devices',
    'no-W',
    'no-r',
    'no-whole-file',
    'no-msgs2stderr',
    'msgs2stderr',
    'no-iconv',
  ],
];
const NUMBER = /^-?\d+(\.\d+)?[A-Za-z]*$/;
const NAMES = /^[A-Za-z0-9_,-]*$/;
/** One name, in whichever folder rsync works. */
const FOLDER_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.~-]+$/;

const WITH_VALUE: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    [
      ...[
        'timeout',
        'contimeout',
        'bwlimit',
        'max-delete',
        'modify-window',
        'compress-level',
        'checksum-seed',
      ],
      ...['max-size', 'min-size', 'max-alloc'],
    ].map((name) => [name, NUMBER]),
  ),
  'log-format': /^(%[A-Za-z]|[A-Za-z])*$/,
  info: NAMES,
  debug: NAMES,
  'checksum-choice': NAMES,
  'compress-choice': NAMES,
  iconv: NAMES,
  'skip-compress': /^[A-Za-z0-9/_.,-]*$/,
  usermap: /^[A-Za-z0-9_.,:*@-]*$/,
  groupmap: /^[A-Za-z0-9_.,:*@-]*$/,
  'partial-dir': FOLDER_NAME,
};

function isSafe(option: string): boolean {
  if (CLUSTER.test(option) || /^-(B|@-?)\d+$/.test(option)) return true;
  const [, name = '', value] = /^--([a-zA-Z0-9-]+)(?:=(.*))?$/s.exec(option) ?? [];
  if (value === undefined) return PLAIN.includes(name);
  const pattern = Object.hasOwn(WITH_VALUE, name) ? WITH_VALUE[name] : undefined;
  return pattern?.test(value) === true;
}

const refused = (why: string): Asked => ({ kind: 'refused', why });

function objectTo(option: string): string {
  if (option === '--sender') return 'this door only takes: nothing is read from here';
  if (/^-[A-Za-z]*s/.test(option)) return 'push without --secluded-args (-s, --protect-args)';
  if (/^-[A-Za-z]*R/.test(option))
    return 'push without --relative (-R), with a slash at the end of the folder';
  return `rsync may not be told ${option.slice(0, 100)} here`;
}

/** @param command what the client asks for: `SSH_ORIGINAL_COMMAND` */
export function judge(command: string, { folder, signal }: DoorRules): Asked {
  const words = partWords(command);
  if (!words || words.length === 0) return refused('this door takes pushes of rsync, and nothing else');
  const [program = '', server, ...rest] = words;
  if (signal === 'volsync' && program === 'shutdown' && /^\d{1,3}$/.test(server ?? '') && rest.length === 0)
    return Number(server) === 0
      ? { kind: 'over' }
      : refused(`whoever pushes says that it failed, by ${server}: what is here does not count as whole`);
  if (!/^([A-Za-z0-9/._-]*\/)?rsync$/.test(program) || server !== '--server')
    return refused(
      `this door takes pushes of rsync, and nothing else: ${program.slice(0, 100)} is not served`,
    );
  const end = rest.indexOf('.');
  const options = end < 0 ? rest : rest.slice(0, end);
  const bad = options.find((option) => !isSafe(option));
  if (bad !== undefined) return refused(objectTo(bad));
  const to = end < 0 ? [] : rest.slice(end + 1);
  const isWhole = ['', '.', './', '/', folder, `${folder}/`].includes(to[0] ?? '');
  if (end < 0 || to.length > 1 || !isWhole)
    return refused(
      `push to the whole folder, which is called . here: rsync … SOURCE/ HOST:. and not ${(to[0] ?? '').slice(0, 200)}`,
    );
  const isDry = options.some((option) => CLUSTER.exec(option)?.[1]?.includes('n') === true);
  return { kind: 'push', options, isDry };
}
