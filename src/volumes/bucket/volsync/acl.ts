/** ACLs as the kernel keeps them in an attribute, and as `getfacl` tells them. Pure. */

export interface AclEntry {
  tag: 'user' | 'group' | 'mask' | 'other';
  /** Of a named user or group: its number. */
  id?: number;
  /** Read 4, write 2, execute 1. */
  perms: number;
}

export const ACCESS_ACL = 'system.posix_acl_access';
export const DEFAULT_ACL = 'system.posix_acl_default';

const VERSION = 2;
const NOBODY = 0xffffffff;
const ENTRY_BYTES = 8;
const TAGS = { owner: 0x01, user: 0x02, group: 0x04, namedGroup: 0x08, mask: 0x10, other: 0x20 };

const numberOf = ({ tag, id }: AclEntry): number => {
  if (tag === 'user') return id === undefined ? TAGS.owner : TAGS.user;
  if (tag === 'group') return id === undefined ? TAGS.group : TAGS.namedGroup;
  return TAGS[tag];
};

/** In the order in which `setfacl` gives them to the kernel. */
const inOrder = (entries: readonly AclEntry[]): AclEntry[] =>
  entries.toSorted((one, other) => numberOf(one) - numberOf(other) || (one.id ?? 0) - (other.id ?? 0));

/** The value of the attribute, hexadecimal. */
export function encodeAcl(entries: readonly AclEntry[]): string {
  const value = Buffer.alloc(4 + ENTRY_BYTES * entries.length);
  value.writeUInt32LE(VERSION, 0);
  inOrder(entries).forEach((entry, index) => {
    const at = 4 + ENTRY_BYTES * index;
    value.writeUInt16LE(numberOf(entry), at);
    value.writeUInt16LE(entry.perms, at + 2);
    value.writeUInt32LE(entry.id ?? NOBODY, at + 4);
  });
  return value.toString('hex');
}

const ENTRIES: Readonly<Record<number, { tag: AclEntry['tag']; isNamed?: true }>> = {
  [TAGS.owner]: { tag: 'user' },
  [TAGS.user]: { tag: 'user', isNamed: true },
  [TAGS.group]: { tag: 'group' },
  [TAGS.namedGroup]: { tag: 'group', isNamed: true },
  [TAGS.mask]: { tag: 'mask' },
  [TAGS.other]: { tag: 'other' },
};

/** @throws Error where it is no such value */
export function decodeAcl(hex: string): AclEntry[] {
  const value = Buffer.from(hex, 'hex');
  if (value.length < 4 || value.length % ENTRY_BYTES !== 4 || value.readUInt32LE(0) !== VERSION)
    throw new Error(`${hex} is no ACL`);
  return Array.from({ length: (value.length - 4) / ENTRY_BYTES }, (_, index): AclEntry => {
    const at = 4 + ENTRY_BYTES * index;
    const known = ENTRIES[value.readUInt16LE(at)];
    if (!known) throw new Error(`${hex} is no ACL`);
    const id = value.readUInt32LE(at + 4);
    return { tag: known.tag, ...(known.isNamed && { id }), perms: value.readUInt16LE(at + 2) };
  });
}

/** What an ACL makes of the nine bits of a mode. */
export function bitsOf(entries: readonly AclEntry[]): number {
  const find = (tag: AclEntry['tag']) => entries.find((entry) => entry.tag === tag && entry.id === undefined);
  const group = (find('mask') ?? find('group'))?.perms ?? 0;
  return ((find('user')?.perms ?? 0) << 6) | (group << 3) | (find('other')?.perms ?? 0);
}

/** It says no more than a mode does. */
export const isMinimal = (entries: readonly AclEntry[]): boolean =>
  entries.every(({ tag, id }) => id === undefined && tag !== 'mask');

/** The ACL that a mode stands for. */
export const aclOf = (mode: number): AclEntry[] => [
  { tag: 'user', perms: (mode >> 6) & 7 },
  { tag: 'group', perms: (mode >> 3) & 7 },
  { tag: 'other', perms: mode & 7 },
];
