/** What of an entry a receiver can keep: found out by a trial on its very filesystem, as its very user. Pure. */
import type { LeftOutReason } from './left-out';

/** Kinds of attribute, each of which a filesystem or a user may lack. */
export type AttributeSpace = 'user' | 'trusted' | 'security' | 'acl';

/** What a receiver can keep of what it is sent. */
export interface Keeps {
  /** As whom it writes: all that it writes is this user's, unless that is root. */
  uid: number;
  /** Its groups: root alone may give a file to another one. */
  gids: number[];
  /** Attributes that it can't store. */
  lacks: AttributeSpace[];
  /** Times are kept in steps of so many nanoseconds: 1, or what its filesystem has. */
  timeStepNs: number;
}

/** It may give files away, make devices, and store what root alone may. */
export const isRoot = ({ uid }: Keeps) => uid === 0;

/**
 * rsync's `--modify-window` for what a receiver can keep: exact to the nanosecond, to the second, or more loosely.
 * Otherwise every file whose time was rounded counts as changed, at every sync.
 */
export function modifyWindow(keeps: Pick<Keeps, 'timeStepNs'> | undefined): number {
  const step = keeps?.timeStepNs ?? 1;
  if (step === 1) return -1;
  return step <= 1_000_000_000 ? 0 : Math.ceil(step / 1_000_000_000) - 1;
}

/** Whether a time survives being kept in such steps. */
export function keepsTime(seconds: string, { timeStepNs }: Pick<Keeps, 'timeStepNs'>): boolean {
  const [whole = '0', fraction = ''] = seconds.split('.');
  const ns = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
  return ns % BigInt(timeStepNs) === 0n;
}

/** Which reason stands for an attribute that is not kept. */
export const REASON_OF_ATTRIBUTE: Record<AttributeSpace, LeftOutReason> = {
  user: 'xattr',
  trusted: 'xattr',
  security: 'capability',
  acl: 'acl',
};

/** The step that a time was rounded to, from one that was set to an odd second and 123456789 ns. */
export function timeStepOf(kept: string): number {
  const [whole = '0', fraction = ''] = kept.split('.');
  const ns = fraction.padEnd(9, '0').slice(0, 9);
  if (ns === '123456789') return 1;
  if (Number(whole) % 2 === 0) return 2_000_000_000;
  const zeros = /0*$/.exec(ns)?.[0].length ?? 9;
  return 10 ** zeros;
}

/** What a receiver will not keep, for people who apply a spec; undefined where it keeps all. */
export function describeLacks({ uid, lacks, timeStepNs }: Keeps): string | undefined {
  const missing = new Set<string>();
  if (uid !== 0)
    ['owners', 'devices', 'capabilities', 'trusted.* attributes'].forEach((it) => missing.add(it));
  if (lacks.includes('security')) missing.add('capabilities');
  if (lacks.includes('trusted')) missing.add('trusted.* attributes');
  if (lacks.includes('user')) missing.add('extended attributes');
  if (lacks.includes('acl')) missing.add('ACLs');
  if (timeStepNs > 1) missing.add('times of less than a second');
  if (missing.size === 0) return undefined;
  const why = uid === 0 ? 'its filesystem' : 'the user who writes there is not root, and';
  return `${why} can't keep ${[...missing].join(', ')}: each sync counts what it leaves out`;
}
