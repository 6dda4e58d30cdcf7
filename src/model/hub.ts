/** A hub: a bucket that the source writes to once, and from which the other targets fetch in their own time. Pure. */
import { isAtSource, targetName, volumeIn, volumeKeys } from './endpoints';
import type { SyncRecord, Volume } from './records';
import type { Relationship, TargetSpec } from './spec';

/** The bucket that everything goes through, as the target that it is; undefined where the source sends to each target. */
export function hubOf({ spec }: Relationship): TargetSpec | undefined {
  const { through, targets } = spec;
  return through && targets.find(({ bucket }) => bucket === through.bucket);
}

/** Nobody asked for it just now. */
export const isByClock = (reason: SyncRecord['reason']): boolean =>
  reason === 'schedule' || reason === 'retry';

/** Who fetches from the hub: every target with a host of its own. */
const isReader = (target: TargetSpec): boolean => !isAtSource(target);

/** Who of a sync is sent to by the source, and who fetches. */
export interface SyncLegs {
  written: TargetSpec[];
  readers: TargetSpec[];
  hub?: TargetSpec;
  /** What is fetched has to be what this sync has written: somebody asked for the newest, and builds on it. */
  isChained: boolean;
}

/**
 * By the clock, a reader takes what is there. Whoever asks for a sync of it, or moves the primary, wants what the source holds
 * now: then the source writes first.
 */
export function legsOf(
  document: Relationship,
  names: readonly string[],
  reason: SyncRecord['reason'],
): SyncLegs {
  const wanted = document.spec.targets.filter((target) => names.includes(targetName(target)));
  const hub = hubOf(document);
  if (!hub) return { written: wanted, readers: [], isChained: false };
  const readers = wanted.filter(isReader);
  const isChained = !isByClock(reason) && readers.length > 0;
  const written = wanted.filter((target) => !isReader(target));
  const isMissing = isChained && !written.includes(hub);
  return { written: isMissing ? [hub, ...written] : written, readers, hub, isChained };
}

/** Where a reader looks for credentials, and keeps what it has fetched: on its host, and of a claim in its namespace. */
export const readingPlace = ({ host, pvc }: { host: string; pvc?: string | undefined }): string =>
  `${host}:${pvc?.slice(0, pvc.indexOf('/')) ?? ''}`;

/** The hub as each reader reaches it: they all need its credentials. With the volume that tells of each. */
export function hubAtReaders(document: Relationship): { endpoint: TargetSpec; volume: Volume }[] {
  const hub = hubOf(document);
  if (!hub) return [];
  const { source, targets } = document.spec;
  const readers = new Map(targets.filter(isReader).map((reader) => [readingPlace(reader), reader]));
  readers.delete(readingPlace(source));
  return [...readers.values()].map((reader) => {
    const endpoint = { ...hub, host: reader.host };
    return { endpoint, volume: volumeIn(asReadBy(document, hub, [reader]), endpoint) };
  });
}

/** The document as the sync of the readers of one place has it: the hub is the source, and is read there. */
export function asReadBy(
  document: Relationship,
  hub: TargetSpec,
  readers: readonly [TargetSpec, ...TargetSpec[]],
): Relationship {
  const { hooks, ...spec } = document.spec;
  return {
    ...document,
    spec: {
      ...spec,
      source: { host: readers[0].host, ...volumeKeys(hub), copyMethod: 'Snapshot' },
      // They are about the source, and run as that is frozen.
      hooks: { ...hooks, beforeCapture: [], afterCapture: [] },
      targets: [...readers],
    },
  };
}
