/** What the endpoints of a document are wrong about, each by itself and beside each other. */
import type { DraftEndpoint, DraftSpec } from './draft-spec';
import { checkSelectors } from './check-selectors';
import { objectToDoor, parseClaimDoor, parseDoor } from './doors';
import { targetName } from './endpoints';
import { makeProblem } from './issues';
import type { SpecIssue, SpecPath } from './issues';
import { comparePaths, refuseFolder } from './paths';
import type { Role } from './records';
import {
  declarationOf,
  defaultMoverKind,
  KINDS_BY_OPTION,
  kindsCarriedBy,
  VOLUME_KINDS,
  type VolumeKind,
} from './kinds';
import type { Location } from './kinds/location';
import { MOVER_KINDS } from './movers';

interface PlacedEndpoint {
  endpoint: DraftEndpoint;
  path: SpecPath;
  role: Role;
  /** As others are told of it. */
  called: string;
}

function listEndpoints(spec: DraftSpec): PlacedEndpoint[] {
  return [
    { endpoint: spec.source, path: ['spec', 'source'], role: 'source', called: 'the source' },
    ...(spec.through
      ? [{ endpoint: spec.through, path: ['spec', 'through'], role: 'target' as const, called: 'through' }]
      : []),
    ...spec.targets.map((endpoint, index) => ({
      endpoint,
      path: ['spec', 'targets', index],
      role: 'target' as const,
      called: `targets[${index}]`,
    })),
  ];
}

/** Those whose host is known from the document alone. */
const listNamed = (spec: DraftSpec): PlacedEndpoint[] =>
  listEndpoints(spec).filter(({ endpoint }) => endpoint.hostSelector === undefined);

const kindsOf = (endpoint: Pick<DraftEndpoint, VolumeKind>) =>
  VOLUME_KINDS.filter((kind) => endpoint[kind] !== undefined);

/** The kind of an endpoint that names exactly one volume. */
function kindOf(endpoint: Pick<DraftEndpoint, VolumeKind>): VolumeKind | undefined {
  const kinds = kindsOf(endpoint);
  return kinds.length === 1 ? kinds[0] : undefined;
}

/** No volume at all, or two at once. */
function checkOneVolume(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path }): SpecIssue[] => {
    if (!endpoint.keys) return [];
    const [first, ...more] = VOLUME_KINDS.filter((kind) => endpoint.keys?.includes(kind));
    if (first === undefined) {
      const message = `is missing: an endpoint names its volume by ${VOLUME_KINDS.join(', ')}`;
      return [{ path: [...path, 'directory'], message, about: 'missing' }];
    }
    return more.map((kind) =>
      makeProblem([...path, kind], `names a second volume beside ${first}: an endpoint has one`),
    );
  });
}

/** Options that are about volumes of another kind. @param kindsByOption the kinds that have each of them */
export function checkOptions(spec: DraftSpec, kindsByOption = KINDS_BY_OPTION): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path, role }) => {
    const kind = kindOf(endpoint);
    if (!kind) return [];
    return Object.entries(kindsByOption).flatMap(([option, kinds]) => {
      if (!endpoint.keys?.includes(option)) return [];
      if (role === 'source' && declarationOf(kind).targetOptions?.includes(option))
        return [makeProblem([...path, option], 'is for targets: whoever pushes says how fast')];
      if (role === 'target' && declarationOf(kind).sourceOptions?.includes(option))
        return [
          makeProblem([...path, option], 'says which state of a source is read: a target has none to choose'),
        ];
      if (kinds.includes(kind)) return [];
      return [makeProblem([...path, option], `is for volumes of kind ${kinds.join(', ')}, not ${kind}`)];
    });
  });
}

function objectToTarget(url: string): string | undefined {
  if (parseClaimDoor(url)?.scheme === 'rsync+tls')
    return 'must name what is there, as a target: rsync+tls://ADDRESS:PORT/data';
  return (parseDoor(url) ?? parseClaimDoor(url))
    ? 'must be an account and a folder, such as ssh://backup@nas.example.net:2222/volume1/wiki'
    : undefined;
}

/** Whoever pushes to us logs in nowhere else, and whom we push to has an account. */
function checkPeers(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path, role }) => {
    const url = kindOf(endpoint) === 'peer' ? endpoint.peer : undefined;
    if (url === undefined) return [];
    const objection = role === 'source' ? objectToDoor(url) : objectToTarget(url);
    const isTls = url.startsWith('rsync+tls:') && endpoint.keys?.includes('signal');
    return [
      ...(objection ? [makeProblem([...path, 'peer'], objection)] : []),
      ...(isTls
        ? [
            makeProblem(
              [...path, 'signal'],
              'is for SSH: through TLS, the file complete says that a push is whole',
            ),
          ]
        : []),
    ];
  });
}

function checkMover(spec: DraftSpec): SpecIssue[] {
  const named = MOVER_KINDS.filter((kind) => spec.mover[kind] !== undefined);
  if (named.length > 1)
    return [makeProblem(['spec', 'mover'], `names ${named.join(' and ')}: a relationship has one mover`)];
  const sourceKind = kindOf(spec.source);
  const mover = named[0] ?? (sourceKind && defaultMoverKind(sourceKind));
  if (!mover) return [];
  const carried = kindsCarriedBy(mover);
  return listEndpoints(spec).flatMap(({ endpoint, path }) => {
    const kind = kindOf(endpoint);
    // One without a host brings its own mover.
    if (!kind || carried.includes(kind) || declarationOf(kind).isAtSource) return [];
    const others = named.length > 0 || path.length === 2 ? '' : `; the source is of kind ${sourceKind}`;
    return [
      makeProblem([...path, kind], `the ${mover} mover carries ${carried.join(', ')}, not ${kind}${others}`),
    ];
  });
}

/** Why what has no host of its own can't take what the source is. */
function objectToSource(kind: VolumeKind, { source, mover }: DraftSpec): string | undefined {
  const sourceKind = kindOf(source);
  if (sourceKind === undefined || sourceKind === 'directory') return undefined;
  // What others bring lies in a directory of the host.
  if (declarationOf(sourceKind).isFilledByOthers) return undefined;
  const { takesClaims } = declarationOf(kind);
  if (sourceKind !== 'pvc' || !takesClaims)
    return `a ${kind} takes the files of a directory${takesClaims ? ' or a claim' : ''}, and the source is of kind ${sourceKind}`;
  return mover.block === undefined ? undefined : `a ${kind} takes files, and the block mover sends devices`;
}

/** What no pod reaches, where the claims of a cluster are to be brought there, or brought from there. */
function checkReachable(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path }) => {
    const kind = kindOf(endpoint);
    if (kind === undefined) return [];
    const { [kind]: id } = endpoint;
    const { notInClusters = {}, isAtSource } = declarationOf(kind);
    const host = endpoint.host ?? spec.source.host;
    const isReadByClaims = path.at(-1) === 'through' && spec.targets.some(({ pvc }) => pvc !== undefined);
    const isInCluster =
      isReadByClaims ||
      [spec.source, ...spec.targets].some((each) => each.pvc !== undefined && each.host === host);
    // What is made for a resource may have further volumes mounted.
    const isMounted = [spec.source, ...spec.targets].some(({ madeFor }) => madeFor !== undefined);
    if (id === undefined || !isAtSource || !isInCluster || isMounted) return [];
    return Object.entries(notInClusters).flatMap(([start, reason]) =>
      id.startsWith(start) ? [makeProblem([...path, kind], reason)] : [],
    );
  });
}

/** Who has a host, and who has none; a source has one. */
function checkHosts(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path, role }): SpecIssue[] => {
    const kind = kindOf(endpoint);
    const isHostless = kind !== undefined && declarationOf(kind).isAtSource === true;
    const { canBeSource } = kind === undefined ? {} : declarationOf(kind);
    if (isHostless && role === 'source' && !canBeSource)
      return [
        makeProblem(
          [...path, kind],
          `a ${kind} can be a target, not a source: tidemark restore brings it back`,
        ),
      ];
    if (!endpoint.keys) return [];
    const { host } = endpoint;
    if (!isHostless || role === 'source')
      return endpoint.keys.includes('host') || endpoint.hostSelector !== undefined
        ? []
        : [{ path: [...path, 'host'], message: 'is missing', about: 'missing' }];
    const objection = objectToSource(kind, spec);
    if (objection !== undefined) return [makeProblem([...path, kind], objection)];
    if (host === undefined || host === spec.source.host) return [];
    return [
      makeProblem(
        [...path, 'host'],
        `a ${kind} has no host of its own: the source writes to it; leave host out`,
      ),
    ];
  });
}

/** Two volumes of one kind, of which one can't be copied to the other. */
function checkCopies({ source, targets }: DraftSpec): SpecIssue[] {
  const kind = kindOf(source);
  const from = kind && source[kind];
  if (!from) return [];
  return targets.flatMap((target, index) => {
    const to = kindOf(target) === kind ? target[kind] : undefined;
    const objection = to && declarationOf(kind).objectToCopy?.(from, to);
    return objection ? [makeProblem(['spec', 'targets', index, kind], objection)] : [];
  });
}

function checkFolders(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path, role }) =>
    // A store may be a folder too.
    VOLUME_KINDS.filter((kind) => declarationOf(kind).isFolder || declarationOf(kind).isAtSource).flatMap(
      (kind) => {
        const folder = endpoint[kind];
        const reason = folder?.startsWith('/') && refuseFolder(folder, role);
        return reason ? [makeProblem([...path, kind], reason)] : [];
      },
    ),
  );
}

const OVERLAPS = {
  same: (what: string, noun: string) => `is the same ${noun} as ${what}`,
  inside: (what: string) => `lies inside ${what}, and would be copied into itself`,
  contains: (what: string) => `contains ${what}, and a sync would remove it`,
};

function placeOf(endpoint: Pick<DraftEndpoint, VolumeKind>): Location | undefined {
  const kind = kindOf(endpoint);
  const id = kind && endpoint[kind];
  return id ? declarationOf(kind).locate(id) : undefined;
}

type Placed = Pick<DraftEndpoint, 'host' | VolumeKind>;

/** What is wrong with two volumes side by side; undefined where they are apart. */
export function describeOverlap(one: Placed, other: Placed, otherName: string): string | undefined {
  if (one.host === undefined || one.host !== other.host) return undefined;
  const [place, otherPlace] = [placeOf(one), placeOf(other)];
  if (!place || !otherPlace || place.family !== otherPlace.family) return undefined;
  const how = comparePaths(place.path, otherPlace.path);
  const kind = kindOf(other);
  return how && OVERLAPS[how](`${otherName}, ${other.host}:${kind ? other[kind] : ''}`, place.noun);
}

function checkOverlaps(spec: DraftSpec): SpecIssue[] {
  // One without a host may be a folder of the source's.
  const endpoints = listNamed(spec).map((each) => {
    const { host = spec.source.host, ...endpoint } = each.endpoint;
    return { ...each, endpoint: { ...endpoint, host } };
  });
  return endpoints.flatMap(({ endpoint, path }, index) =>
    endpoints.slice(0, index).flatMap((other) => {
      const message = describeOverlap(endpoint, other.endpoint, other.called);
      return message ? [makeProblem([...path, kindOf(endpoint) ?? 'directory'], message)] : [];
    }),
  );
}

function checkTargetNames(spec: DraftSpec): SpecIssue[] {
  const taken = new Map<string, string>();
  const { through } = spec;
  if (through) taken.set(through.name ?? 'bucket', 'through');
  return spec.targets.flatMap((target, index) => {
    // As it is told of when the document is shown: the same bucket once more.
    if (through && target.bucket === through.bucket) return [];
    // Each of its hosts has a name of its own.
    if (target.hostSelector !== undefined) return [];
    const { host, name } = target;
    const kind = kindOf(target);
    const own = kind && declarationOf(kind).isAtSource ? kind : host;
    const called = name ?? (own === undefined ? undefined : targetName({ host: own, name: undefined }));
    if (called === undefined) return [];
    const first = taken.get(called);
    if (first === undefined) {
      taken.set(called, `targets[${index}]`);
      return [];
    }
    const path = ['spec', 'targets', index, name === undefined ? 'host' : 'name'];
    return [makeProblem(path, `duplicate name "${called}", first used by ${first}; set a unique name`)];
  });
}

/** Every reason against the volumes that a document names, and what they are called. */
export function checkEndpoints(spec: DraftSpec): SpecIssue[] {
  return [
    ...checkOneVolume(spec),
    ...checkHosts(spec),
    ...checkSelectors(spec),
    ...checkReachable(spec),
    ...checkOptions(spec),
    ...checkPeers(spec),
    ...checkMover(spec),
    ...checkCopies(spec),
    ...checkFolders(spec),
    ...checkOverlaps(spec),
    ...checkTargetNames(spec),
  ];
}
