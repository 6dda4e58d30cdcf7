/**
 * What the objects are called that are made for a ReplicationSource or ReplicationDestination: as VolSync calls them, or, for
 * Scribe's resources, as that did. People's scripts, policies and playbooks have these names. Pure.
 */
import { crc32 } from 'node:zlib';
import type { ClusterObject } from '../../hosts/cluster/objects';

export const METHODS = ['rsync', 'rsyncTLS', 'rclone', 'restic', 'syncthing'] as const;
export type Method = (typeof METHODS)[number];

/** Of a ReplicationSource, or of a ReplicationDestination. */
export type Side = 'src' | 'dst';

/** The resource. */
export type MadeFor = Pick<ClusterObject, 'apiVersion' | 'kind' | 'metadata'>;

const LONGEST = 63;

/** As VolSync shortens names, which clients of its look for. */
export function shorten(prefix: string, name: string): string {
  const whole = `${prefix}${name}`;
  if (whole.length <= LONGEST) return whole;
  return `${prefix}${crc32(name).toString(16).padStart(8, '0')}`;
}

const isScribe = ({ apiVersion }: MadeFor): boolean => apiVersion.startsWith('scribe.');

export const sideOf = ({ kind }: MadeFor): Side => (kind === 'ReplicationSource' ? 'src' : 'dst');

const JOBS: Readonly<Record<Method, string>> = {
  rsync: 'rsync-',
  rsyncTLS: 'rsync-tls-',
  rclone: 'rclone-',
  restic: '',
  syncthing: '',
};

/** How the names begin of what one method makes: `volsync-rsync-dst-`, or `scribe-rsync-dest-`. */
function prefixOf(resource: MadeFor, method: Method | undefined): string {
  const side = sideOf(resource);
  if (!isScribe(resource)) return `volsync-${method ? JOBS[method] : ''}${side}-`;
  const word = method === 'restic' ? 'restic-' : method ? JOBS[method] : '';
  return `scribe-${word}${side === 'dst' ? 'dest' : side}-`;
}

/** The Job of a mover, as long as no other has that name. */
export const jobName = (resource: MadeFor, method: Method | undefined): string =>
  shorten(prefixOf(resource, method), resource.metadata.name);

/** The Service of a side that listens is called as its Job is. */
export const serviceName: (resource: MadeFor, method: 'rsync' | 'rsyncTLS') => string = jobName;

/** Both pairs of keys; what the source needs of them; what the destination needs. */
export type SshSecret = 'main' | 'src' | 'dest';

/** Not shortened: a Secret's name may be 253 characters long. */
export const sshSecretName = (resource: MadeFor, which: SshSecret): string =>
  `${prefixOf(resource, 'rsync')}${which}-${resource.metadata.name}`;

/** Of both kinds of resource. Not shortened. */
export const tlsSecretName = ({ metadata }: MadeFor): string => `volsync-rsync-tls-${metadata.name}`;

/** A frozen copy of the source: snapshot and claim alike. */
export const captureName = (resource: MadeFor): string =>
  isScribe(resource) ? `scribe-src-${resource.metadata.name}` : `volsync-${resource.metadata.name}-src`;

/** The claim of a destination that names none. */
export function madeClaimName(resource: MadeFor, method: Method): string {
  const { name } = resource.metadata;
  if (isScribe(resource)) return `scribe-dest-${name}`;
  return `volsync-${name}-${method === 'rclone' || method === 'restic' ? 'dest' : 'dst'}`;
}

/** `volsync-data-dst-20261130081500`: an image of a destination, by when it was made. */
export const nameImage = (claim: string, at: string): string =>
  `${claim}-${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`;
