/** `permissions.facl`: whose each file is, its mode and its ACLs, as `getfacl -R` prints them and `setfacl --restore` reads them. Pure. */
import type { Entry } from '../manifest';
import {
  ACCESS_ACL,
  type AclEntry,
  aclOf,
  bitsOf,
  decodeAcl,
  DEFAULT_ACL,
  encodeAcl,
  isMinimal,
} from './acl';
import { idOf } from './users';

/** At the top of the bucket. */
export const FACL = 'permissions.facl';

/** Where VolSync's mover has the volume: names in the file begin so. */
const ROOT = 'data';

/** What is said of one file. */
export type Permissions = Pick<Entry, 'mode' | 'uid' | 'gid' | 'xattrs'>;

/** A backslash, and what would end a line, as both tools write them. */
const unescapeName = (text: string): string =>
  text.replaceAll(/\\(?:([0-7]{3})|\\)/g, (_, octal?: string) =>
    octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  );
const escapeName = (path: string): string =>
  path.replaceAll(/[\\\n\r]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

const isPart = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('\0');

/** @returns the path below the root. @throws Error where it is none */
function readPath(name: string): string {
  const [root, ...parts] = unescapeName(name).replace(/^\//, '').split('/');
  if (root === ROOT && parts.every(isPart)) return parts.join('/');
  throw new Error(`${JSON.stringify(name)} does not lie in ${ROOT}`);
}

const FLAGS = /^# flags: ([s-])([s-])([t-])$/;
const ENTRY = /^(default:)?(user|group|mask|other):([^:]*):([r-])([w-])([x-])(?:\s+#effective:.*)?$/;

function readEntry(line: string): { isDefault: boolean; entry: AclEntry } {
  const [all, isDefault, tag, name = '', read, write, execute] = ENTRY.exec(line) ?? [];
  if (all === undefined) throw new Error(`${JSON.stringify(line)} is no entry of an ACL`);
  const perms = (read === 'r' ? 4 : 0) | (write === 'w' ? 2 : 0) | (execute === 'x' ? 1 : 0);
  const kind = tag as AclEntry['tag'];
  const isNamed = name !== '' && (kind === 'user' || kind === 'group');
  const id = isNamed ? idOf(kind, unescapeName(name)) : undefined;
  return { isDefault: isDefault !== undefined, entry: { tag: kind, ...(id !== undefined && { id }), perms } };
}

const valueOf = (lines: readonly string[], what: string): string => {
  const found = lines.find((line) => line.startsWith(what));
  if (found === undefined) throw new Error(`there is no ${what.slice(2, -2)}`);
  return unescapeName(found.slice(what.length));
};

function readBlock(lines: readonly string[]): { path: string; permissions: Permissions } {
  const path = readPath(lines[0]?.startsWith('# file: ') ? lines[0].slice('# file: '.length) : '');
  const [, setuid, setgid, sticky] = lines.map((line) => FLAGS.exec(line)).find((found) => found) ?? [];
  const flags = (setuid === 's' ? 0o4000 : 0) | (setgid === 's' ? 0o2000 : 0) | (sticky === 't' ? 0o1000 : 0);
  const entries = lines.filter((line) => !line.startsWith('#')).map(readEntry);
  const access = entries.filter(({ isDefault }) => !isDefault).map(({ entry }) => entry);
  const inherited = entries.filter(({ isDefault }) => isDefault).map(({ entry }) => entry);
  if (!isWhole(access) || (inherited.length > 0 && !isWhole(inherited)))
    throw new Error(`what is said of ${JSON.stringify(path)} is no whole ACL`);
  const xattrs = {
    ...(!isMinimal(access) && { [ACCESS_ACL]: encodeAcl(access) }),
    ...(inherited.length > 0 && { [DEFAULT_ACL]: encodeAcl(inherited) }),
  };
  return {
    path,
    permissions: {
      mode: (flags | bitsOf(access)).toString(8),
      uid: String(idOf('user', valueOf(lines, '# owner: '))),
      gid: String(idOf('group', valueOf(lines, '# group: '))),
      ...(Object.keys(xattrs).length > 0 && { xattrs }),
    },
  };
}

/** As the kernel wants one: each of the three classes once, nobody named twice, and a mask where somebody is named. */
function isWhole(entries: readonly AclEntry[]): boolean {
  const keys = entries.map(({ tag, id }) => `${tag}:${id ?? ''}`);
  const isThere = ['user:', 'group:', 'other:'].every((key) => keys.includes(key));
  const isNamed = entries.some(({ id }) => id !== undefined);
  return isThere && new Set(keys).size === keys.length && (!isNamed || keys.includes('mask:'));
}

/**
 * @param text bytes, one character each (`latin1`)
 * @returns by path, below the root
 * @throws Error that says what is wrong: nothing of it is taken then
 */
export function parseFacl(text: string): Map<string, Permissions> {
  const found = new Map<string, Permissions>();
  for (const block of text.split(/\n\n+/)) {
    const lines = block.split('\n').filter((line) => line !== '');
    if (lines.length === 0) continue;
    const { path, permissions } = readBlock(lines);
    if (found.has(path)) throw new Error(`${JSON.stringify(path)} is there twice`);
    found.set(path, permissions);
  }
  if (found.has('')) return found;
  throw new Error(`there is nothing of ${ROOT} itself`);
}

const permsOf = (perms: number): string =>
  `${perms & 4 ? 'r' : '-'}${perms & 2 ? 'w' : '-'}${perms & 1 ? 'x' : '-'}`;

const linesOf = (entries: readonly AclEntry[], prefix = ''): string[] =>
  entries.map(({ tag, id, perms }) => `${prefix}${tag}:${id ?? ''}:${permsOf(perms)}`);

function renderEntry({ path, mode, uid, gid, xattrs = {} }: Entry): string {
  const bits = Number.parseInt(mode, 8);
  const flags = `${bits & 0o4000 ? 's' : '-'}${bits & 0o2000 ? 's' : '-'}${bits & 0o1000 ? 't' : '-'}`;
  const [access, inherited] = [xattrs[ACCESS_ACL], xattrs[DEFAULT_ACL]];
  return [
    `# file: ${escapeName(path === '' ? ROOT : `${ROOT}/${path}`)}`,
    // Numbers: names are other ones' elsewhere.
    `# owner: ${uid}`,
    `# group: ${gid}`,
    ...(flags === '---' ? [] : [`# flags: ${flags}`]),
    ...linesOf(access === undefined ? aclOf(bits) : decodeAcl(access)),
    ...(inherited === undefined ? [] : linesOf(decodeAcl(inherited), 'default:')),
    '',
    '',
  ].join('\n');
}

/** Of a tree's entries, in their order. @returns bytes, one character each (`latin1`) */
export const renderFacl = (entries: readonly Entry[]): string => entries.map(renderEntry).join('');
