/** What has to be done to a tree so that it becomes what a manifest says. Pure. */
import type { Entry } from './manifest';

export interface TreePlan {
  /** Go, with all that is in them; none lies in another one. */
  removed: string[];
  folders: string[];
  /** Files whose content is not there. */
  fetched: Entry[];
  /** Further names of files, and the first name of each. */
  links: { path: string; first: string }[];
  /** Symlinks, pipes and devices. */
  made: Entry[];
}

/** Whether what lies there can stay, whatever its attributes are. */
function canStay(have: Entry, want: Entry): boolean {
  if (have.type !== want.type) return false;
  if (have.type === 'l') return have.target === want.target;
  if (have.type === 'b' || have.type === 'c') return have.device === want.device;
  if (have.type !== 'f') return have.linkOf === want.linkOf;
  return have.sha256 === want.sha256 && have.linkOf === want.linkOf;
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** @param have of the tree as it is, with checksums; empty where there is none yet */
export function planTree(have: readonly Entry[], want: readonly Entry[]): TreePlan {
  const wanted = new Map(want.map((entry) => [entry.path, entry]));
  const staying = new Set<string>();
  for (const entry of have) {
    const to = wanted.get(entry.path);
    if (to && canStay(entry, to)) staying.add(entry.path);
  }
  // A further name stays only where its first name does: that is another file by then.
  for (const { path, linkOf } of have) if (linkOf !== undefined && !staying.has(linkOf)) staying.delete(path);
  const removed: string[] = [];
  for (const { path } of have) {
    const last = removed.at(-1);
    if (!staying.has(path) && path !== '' && !(last !== undefined && isBelow(path, last))) removed.push(path);
  }
  const goneWith = (path: string) => {
    const parts = path.split('/');
    return parts.some((_, index) => index > 0 && isRemoved.has(parts.slice(0, index).join('/')));
  };
  const isRemoved = new Set(removed);
  const missing = want.filter(({ path }) => !staying.has(path) || goneWith(path));
  const isNamed = ({ linkOf }: Entry) => linkOf !== undefined;
  return {
    removed,
    folders: missing.filter(({ type }) => type === 'd').map(({ path }) => path),
    fetched: missing.filter((entry) => entry.type === 'f' && !isNamed(entry)),
    links: missing.flatMap(({ path, linkOf }) => (linkOf === undefined ? [] : [{ path, first: linkOf }])),
    made: missing.filter((entry) => !['f', 'd'].includes(entry.type) && !isNamed(entry)),
  };
}

/** Attributes to be set, each group by one program. */
export interface AttributePlan {
  /** By `uid:gid`. */
  owners: Map<string, string[]>;
  modes: Map<string, string[]>;
  xattrs: [path: string, Readonly<Record<string, string>>][];
  /** By name. */
  removedXattrs: Map<string, string[]>;
  times: Map<string, string[]>;
}

const addTo = (map: Map<string, string[]>, key: string, path: string) => {
  const paths = map.get(key);
  if (paths) paths.push(path);
  else map.set(key, [path]);
};

const sameXattrs = (one: Entry['xattrs'] = {}, other: Entry['xattrs'] = {}): boolean =>
  JSON.stringify(Object.entries(one).toSorted()) === JSON.stringify(Object.entries(other).toSorted());

export interface Abilities {
  /** The user may give files away, and set what only root may. */
  isRoot: boolean;
}

/** What a user who is not root may set. */
const settable = (xattrs: Entry['xattrs'], { isRoot }: Abilities): Record<string, string> =>
  Object.fromEntries(
    Object.entries(xattrs ?? {}).filter(([name]) => isRoot || !/^(trusted|security)\./.test(name)),
  );

/** @param have after everything has its content */
export function planAttributes(
  have: readonly Entry[],
  want: readonly Entry[],
  abilities: Abilities,
): AttributePlan {
  const there = new Map(have.map((entry) => [entry.path, entry]));
  const plan: AttributePlan = {
    ...{ owners: new Map(), modes: new Map(), xattrs: [], removedXattrs: new Map(), times: new Map() },
  };
  for (const { path, type, mode, uid, gid, mtime, xattrs } of want) {
    const is = there.get(path);
    if (!is) continue;
    const [own, wanted] = [settable(is.xattrs, abilities), settable(xattrs, abilities)];
    const givesAway = abilities.isRoot && (is.uid !== uid || is.gid !== gid);
    const differs = !sameXattrs(own, wanted);
    if (givesAway) addTo(plan.owners, `${uid}:${gid}`, path);
    // To give a file away takes its set-user-ID bit; and an ACL is part of the mode.
    if (type !== 'l' && (is.mode !== mode || givesAway || differs)) addTo(plan.modes, mode, path);
    if (differs) {
      for (const name of Object.keys(own)) if (!(name in wanted)) addTo(plan.removedXattrs, name, path);
      if (Object.keys(wanted).length > 0) plan.xattrs.push([path, wanted]);
    }
    if (is.mtime !== mtime) addTo(plan.times, mtime, path);
  }
  return plan;
}

/** In what a tree differs from what it is to be: paths, each with what differs. Holes are not counted. */
export function findDifferences(
  have: readonly Entry[],
  want: readonly Entry[],
  abilities: Abilities,
): string[] {
  const lookOf = ({ object: _where, hasHoles: _holes, xattrs, uid, gid, ...entry }: Entry) => ({
    ...entry,
    ...(abilities.isRoot && { uid, gid }),
    xattrs: JSON.stringify(Object.entries(settable(xattrs, abilities)).toSorted()),
  });
  const there = new Map(have.map((entry) => [entry.path, lookOf(entry)]));
  const found = want.flatMap((entry) => {
    const [is, is2be] = [there.get(entry.path), lookOf(entry)];
    there.delete(entry.path);
    if (!is) return [`${entry.path}: missing`];
    const keys = new Set([...Object.keys(is), ...Object.keys(is2be)]) as Set<keyof typeof is>;
    const what = [...keys].filter((key) => is[key] !== is2be[key]);
    return what.length === 0 ? [] : [`${entry.path}: ${what.join(', ')}`];
  });
  return [...found, ...[...there.keys()].map((path) => `${path}: too much`)];
}
