/** What a pool holds, as `zfs get` tells it. */
import type { Features } from './features';
import { findFeatures } from './features';
import { CAPTURES, CLAIMS, FOLDER, PENDING, POINT, splitName } from './names';
import { shareLook } from '../shared/shared-look';
import { isMissing, runZfs, type Subject, type ZfsOptions } from './tools';

/** A dataset, a snapshot or a bookmark. */
export interface Entry {
  /** `tank/wiki`, `tank/wiki@monday`, `tank/wiki#monday`. */
  name: string;
  kind: 'dataset' | 'snapshot' | 'bookmark';
  dataset: string;
  /** After the `@` or `#`; empty for a dataset. */
  own: string;
  /** As the tool prints them; `-` is left out. */
  properties: Readonly<Record<string, string>>;
  /** Those that were set here: neither inherited nor a default. */
  local: ReadonlySet<string>;
}

const PROPERTIES = [
  'type',
  'guid',
  'createtxg',
  'creation',
  'used',
  'usedbydataset',
  'referenced',
  'available',
  'origin',
  'userrefs',
  'mounted',
  'mountpoint',
  'canmount',
  'readonly',
];

/** Lines of `zfs get -H -o name,property,value,source`. Pure. Entries are in the order of the lines. */
export function parseEntries(text: string): Entry[] {
  const found = new Map<string, { properties: Record<string, string>; local: Set<string> }>();
  for (const line of text.split('\n')) {
    const fields = line.split('\t');
    const [name = '', property = ''] = fields;
    if (fields.length < 4 || name === '') continue;
    const entry = found.get(name) ?? { properties: {}, local: new Set<string>() };
    found.set(name, entry);
    const value = fields.slice(2, -1).join('\t');
    const source = fields.at(-1) ?? '';
    if (value === '-' && source === '-') continue;
    entry.properties[property] = value;
    if (source === 'local' || source === 'received') entry.local.add(property);
  }
  return [...found].map(([name, { properties, local }]) => {
    const kind = name.includes('@') ? 'snapshot' : name.includes('#') ? 'bookmark' : 'dataset';
    return { name, kind, ...splitName(name), properties, local };
  });
}

function propertiesFor({ written, encryption, resume }: Features): string {
  const more = [written && 'written', encryption && 'encryption', resume && 'receive_resume_token'];
  return [...PROPERTIES, CLAIMS, POINT, CAPTURES, PENDING, ...more.filter((name) => name !== false)].join(
    ',',
  );
}

const share = shareLook<Entry[]>();

/**
 * A dataset with everything below it, its snapshots and bookmarks too; what lies in a folder of Tidemark's inside
 * of it is left out. Empty where there is no such dataset.
 */
export function listTree(subject: Subject, dataset: string): Promise<Entry[]> {
  return share(subject.host, dataset, () => readTree(subject, dataset));
}

async function readTree(subject: Subject, dataset: string): Promise<Entry[]> {
  const features = await findFeatures(subject.host);
  const types = features.bookmarks ? ['-t', 'filesystem,volume,snapshot,bookmark'] : [];
  const columns = ['-o', 'name,property,value,source'];
  const argv = ['get', '-Hp', '-r', ...types, ...columns, propertiesFor(features), dataset];
  const { exitCode, stdout } = await runZfs(subject, argv, { allow: isMissing });
  if (exitCode !== 0) return [];
  const inner = `${dataset}/`;
  return parseEntries(stdout.toString()).filter(
    ({ name }) => !name.slice(inner.length).split(/[/@#]/).includes(FOLDER),
  );
}

/** Snapshots of this name in folders of Tidemark's inside of a dataset. */
export async function listHidden(subject: Subject, dataset: string, own: string): Promise<string[]> {
  const { stdout } = await runZfs(subject, [
    'list',
    '-H',
    '-r',
    '-t',
    'filesystem,volume',
    '-o',
    'name',
    dataset,
  ]);
  const names = stdout.toString().split('\n');
  const isHidden = (name: string) =>
    name
      .slice(dataset.length + 1)
      .split('/')
      .includes(FOLDER);
  return names.filter(isHidden).map((name) => `${name}@${own}`);
}

/** An entry's number, 0 where it has none. */
export function numberOf({ properties }: Entry, property: string): number {
  return Number(properties[property] ?? 0) || 0;
}

/** In the order in which they were made; those of one moment by name. */
export function byAge(one: Entry, other: Entry): number {
  return numberOf(one, 'createtxg') - numberOf(other, 'createtxg') || (one.name < other.name ? -1 : 1);
}

/** The snapshots of one dataset, oldest first. */
export function snapshotsOf(entries: readonly Entry[], dataset: string): Entry[] {
  return entries.filter((entry) => entry.kind === 'snapshot' && entry.dataset === dataset).sort(byAge);
}

/** Datasets, parents before what they hold. */
export function datasetsOf(entries: readonly Entry[]): Entry[] {
  return entries
    .filter(({ kind }) => kind === 'dataset')
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What was set on a dataset itself, by property. @param allow failures that are no error: then there is none */
export async function readLocal(
  subject: Subject,
  dataset: string,
  options: Pick<ZfsOptions, 'allow'> = {},
): Promise<Map<string, string>> {
  const argv = ['get', '-Hp', '-o', 'property,value', '-s', 'local', 'all', dataset];
  const { stdout } = await runZfs(subject, argv, options);
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes('\t'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]),
  );
}
