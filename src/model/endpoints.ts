import type { Volume } from './records';
import type { SourceSpec, TargetSpec } from './spec';

/** A target's name: its own, or else its host's. */
export function targetName(target: Pick<TargetSpec, 'name' | 'host'>): string {
  return target.name ?? target.host;
}

/** The volume that an endpoint of a spec names. */
export function volumeOf(endpoint: Pick<SourceSpec | TargetSpec, 'directory' | 'mustBeMounted'>): Volume {
  return { kind: 'directory', path: endpoint.directory, mustBeMounted: endpoint.mustBeMounted };
}
