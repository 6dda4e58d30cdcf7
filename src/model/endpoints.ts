import {
  declarationOf,
  optionsOf,
  VOLUME_KINDS,
  writerOf,
  type VolumeKind,
  type VolumeOptions,
  type VolumeOptionValues,
} from './kinds';
import { type ClaimDoor, parseClaimDoor } from './doors';
import type { Volume } from './records';
import { type MoverSpec, rsyncOptions } from './movers';
import type { Relationship, TargetSpec } from './spec';

/** An endpoint, with or without the defaults of its spec. */
type Endpoint = Partial<Record<VolumeKind, string | undefined>>;

/** It has no host of its own (see `KindDeclaration.isAtSource`). */
export const isAtSource = (endpoint: Endpoint): boolean =>
  declarationOf(volumeOf(endpoint).kind).isAtSource === true;

/** Somebody else brings what it holds (see `KindDeclaration.isFilledByOthers`): as a source. */
export const isFilledByOthers = (source: Endpoint): boolean =>
  declarationOf(volumeOf(source).kind).isFilledByOthers === true;

/** Of a source that is a door into the target's claim: how that is reached. */
export function claimDoorOf(source: Endpoint): ClaimDoor | undefined {
  const { kind, path } = volumeOf(source);
  return kind === 'peer' ? parseClaimDoor(path) : undefined;
}

/**
 * What carries the bytes to a target: a kind without a host brings its own mover. Where that is one of those that a spec
 * chooses, it goes by what the spec says of it.
 */
export function moverTo({ spec }: Relationship, target: TargetSpec): MoverSpec {
  if (!isAtSource(target)) return spec.mover;
  const own = writerOf(volumeOf(target).kind);
  if (own !== 'rsync') return { [own]: {} };
  const { bandwidthLimit } = target;
  return { rsync: { ...rsyncOptions(spec.mover), ...(bandwidthLimit !== undefined && { bandwidthLimit }) } };
}

/** A target's name: its own, or else its host's. */
export function targetName(target: Pick<TargetSpec, 'name' | 'host'>): string {
  return target.name ?? target.host;
}

/** That a relationship has no target of that name, and which it has. */
export function missingTarget(
  relationship: string,
  wanted: string,
  targets: readonly string[],
): { message: string; hint: string } {
  return {
    message: `relationship ${relationship} has no target ${wanted}`,
    hint: `it has ${targets.join(', ')}`,
  };
}

/** The volume that an endpoint of a spec names. */
export function volumeOf(endpoint: Endpoint): Volume {
  const kind = VOLUME_KINDS.find((key) => endpoint[key] !== undefined) ?? 'directory';
  return { kind, path: endpoint[kind] ?? '', options: readOptions(kind, endpoint) };
}

/**
 * The same of an endpoint of a document: one without a host of its own is worked with for the claim that its host has, be that
 * the source's or else the first target's. A claim into which somebody else pushes is told which door leads there.
 */
export function volumeIn({ spec }: Relationship, endpoint: Endpoint & { host: string }): Volume {
  const volume = volumeOf(endpoint);
  if (!isAtSource(endpoint)) {
    const door = volume.kind === 'pvc' ? claimDoorOf(spec.source) : undefined;
    return door ? { ...volume, door: door.service } : volume;
  }
  const claim = [spec.source, ...spec.targets].find(
    ({ host, pvc }) => pvc !== undefined && host === endpoint.host,
  );
  return claim ? { ...volume, near: nearOf(volumeOf(claim)) } : volume;
}

const nearOf = ({ path, options }: Volume): NonNullable<Volume['near']> => ({
  path,
  ...(options && { options }),
});

/** What an endpoint says about a volume of its kind. */
function readOptions(kind: VolumeKind, endpoint: Endpoint): VolumeOptionValues {
  const own = optionsOf(kind);
  return Object.fromEntries(
    Object.entries(endpoint).filter(([key, value]) => Object.hasOwn(own, key) && value !== undefined),
  );
}

/** Where an endpoint's volume is on its host, as users see it. */
export function volumePath(endpoint: Endpoint): string {
  return volumeOf(endpoint).path;
}

/** Where a volume is, as users see it: `alpha:/srv/wiki`. */
export function placeOf(endpoint: Endpoint & { host: string }): string {
  return `${endpoint.host}:${volumePath(endpoint)}`;
}

/** The keys of an endpoint that are about its volume: what stays the same when a target becomes the source. */
export function volumeKeys<E extends Endpoint>(
  endpoint: E,
): Pick<E, Extract<keyof E, VolumeKind | keyof VolumeOptions>> {
  const { kind, path, options } = volumeOf(endpoint);
  return { [kind]: path, ...options } as ReturnType<typeof volumeKeys<E>>;
}

/** All hosts of a relationship, the source's first, each once. */
export function hostsOf(document: Relationship): string[] {
  return [...new Set([document.spec.source.host, ...document.spec.targets.map((target) => target.host)])];
}
