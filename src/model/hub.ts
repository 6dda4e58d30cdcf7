/** A hub: a bucket that the source writes to once, and from which the other targets fetch in their own time. Pure. */
import { isAtSource, targetName, volumeKeys } from './endpoints';
import type { SyncRecord } from './records';
import type { Relationship, TargetSpec } from './spec';

/** The bucket that everything goes through, as the target that it is; undefined where the source sends to each target. */
export function hubOf({ spec }: Relationship): TargetSpec | undefined {
  const { through, targets } = spec;
  return through && targets.find(({ bucket }) => bucket === through.bucket);
}

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
  const isChained = reason !== 'schedule' && reason !== 'retry' && readers.length > 0;
  const written = wanted.filter((target) => !isReader(target));
  const isMissing = isChained && !written.includes(hub);
  return { written: isMissing ? [hub, ...written] : written, readers, hub, isChained };
}

/** The hub as each reader's host reaches it: they all need its credentials. */
export function hubAtReaders(document: Relationship): TargetSpec[] {
  const hub = hubOf(document);
  if (!hub) return [];
  const hosts = new Set(document.spec.targets.filter(isReader).map(({ host }) => host));
  hosts.delete(hub.host);
  return [...hosts].map((host) => ({ ...hub, host }));
}

/** The document as a reader's own sync has it: the hub is the source, and is read by the reader's host. */
export function asReadBy(document: Relationship, hub: TargetSpec, reader: TargetSpec): Relationship {
  const { hooks, ...spec } = document.spec;
  return {
    ...document,
    spec: {
      ...spec,
      source: { host: reader.host, ...volumeKeys(hub), copyMethod: 'Snapshot' },
      // They are about the source, and run as that is frozen.
      hooks: { ...hooks, beforeCapture: [], afterCapture: [] },
      targets: [reader],
    },
  };
}
