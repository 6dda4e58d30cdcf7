/** Which volumes may not lie in or around each other, on one host. Pure. */
import type { Claim } from './records';
import type { HowItLies } from './paths';

type Party = Pick<Claim, 'role' | 'relationship'>;

/** A volume that somebody claims already, or that the same document names. */
export interface OtherVolume extends Party {
  /** As its spec names it. */
  path: string;
}

/** How the wanted volume lies to the other one. */
interface Lies {
  how: HowItLies;
  /** The inner one is on a filesystem that is mounted in the outer one: no copy of the outer one has it. */
  acrossMount: boolean;
}

/**
 * Why a volume may not be used beside another one; undefined where it may. A source may be another's source
 * or target, and lie in or around another's source: nobody writes to what it reads. Whatever a target lies in
 * or around, some sync would remove or carry.
 */
export function objectToOverlap(
  wanted: Party,
  other: OtherVolume,
  { how, acrossMount }: Lies,
): string | undefined {
  const isOwn = wanted.relationship === other.relationship;
  const told = `${other.path}, the ${other.role} of ${other.relationship}`;
  if (wanted.role === 'source' && other.role === 'source') return undefined;
  switch (how) {
    case 'same':
      // One volume by two of its paths; or a copy that is copied on.
      if (isOwn ? wanted.role === other.role : wanted.role === 'source') return undefined;
      return `it is the same directory as ${told}`;
    case 'inside':
      if (wanted.role === 'target' && other.role === 'source' && acrossMount && !isOwn) return undefined;
      return `it lies inside ${told}`;
    case 'contains':
      if (wanted.role === 'target') return `it contains ${told}, and a sync would remove it`;
      return acrossMount && !isOwn ? undefined : `it contains ${told}`;
  }
}
