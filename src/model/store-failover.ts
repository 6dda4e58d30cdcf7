/** What a failover to a store is: a restore first. What to type, from which point, and how long that took when it was measured. Pure. */
import { placeOf, targetName, volumeOf } from './endpoints';
import type { Instant } from './records';
import type { RelationshipState } from './relationship-state';
import type { SourceSpec, TargetSpec } from './spec';
import type { TargetStatus } from './status';
import { formatBytes, formatDuration } from './units';

/** A point that was read back whole from a store. */
export interface ReadBack {
  how: 'verify' | 'restore';
  bytes: number;
  seconds: number;
  /** Who read it: another host may be nearer, or farther. */
  host: string;
  at: Instant;
}

/** Kept until it is measured again. */
export function recordReadBack(
  state: RelationshipState,
  target: string,
  readBack: ReadBack | undefined,
): void {
  // Of nothing, nothing is learnt.
  if (!readBack || readBack.bytes === 0) return;
  state.targets = state.targets.map((each) => (each.name === target ? { ...each, readBack } : each));
}

/** What is known of how long it takes to read a point back: never more than was measured. */
function timeText({ relationship, target }: Named, { pointBytes, readBack }: TargetStatus): string {
  if (!readBack) {
    return `how long that takes was never measured: tidemark verify ${relationship} --target ${target} measures it`;
  }
  const { how, bytes, seconds, host, at } = readBack;
  const measured = `${host} took ${formatDuration(seconds * 1000)} for ${formatBytes(bytes)} (${how}, ${at})`;
  if (pointBytes === undefined) return `how long that takes: ${measured}`;
  const about = formatDuration((seconds / bytes) * pointBytes * 1000);
  return `that takes about ${about}, going by what was measured last: ${measured}`;
}

interface Named {
  relationship: string;
  target: string;
}

/** Where it is restored to: to what the source is. */
const newPlaceOf = ({ pvc }: SourceSpec) =>
  pvc === undefined
    ? { to: 'HOST:/path', source: 'source: { host: HOST, directory: /path }' }
    : { to: 'HOST:NAMESPACE/CLAIM', source: 'source: { host: HOST, pvc: NAMESPACE/CLAIM }' };

/** Why a failover can't go to a target in which no service can go on, and what to do instead. */
export function tellDetour(
  relationship: string,
  { source, target }: { source: SourceSpec; target: TargetSpec },
  status: TargetStatus | undefined,
): { message: string; hint: string } {
  const name = targetName(target);
  const what = `${name} of ${relationship} is a ${volumeOf(target).kind}: no service can go on in it`;
  if (status?.recoveryPoint === undefined) {
    return {
      message: `${what}, and it has no recovery point yet that could be restored`,
      hint: `tidemark points ${relationship} lists what there is`,
    };
  }
  const { recoveryPoint, capturedAt = '', pointBytes } = status;
  const size = pointBytes === undefined ? '' : `, ${formatBytes(pointBytes)}`;
  const point = `its newest recovery point, captured ${capturedAt}${size}, has to be restored to a host first`;
  const { to, source: asSource } = newPlaceOf(source);
  const who =
    target.credentials === undefined ? 'an agent' : `an agent and the credentials ${target.credentials}`;
  return {
    message: `${what}; ${point}. As to time, ${timeText({ relationship, target: name }, status)}`,
    hint: [
      `with HOST being any that has ${who}:`,
      `tidemark restore ${relationship} --target ${name} --point ${recoveryPoint} --to ${to}`,
      `then, nothing writing to ${placeOf(source)} any more, since this fences nobody, the spec with ${asSource}:`,
      'tidemark apply -f FILE',
    ].join('\n    '),
  };
}
