/** What VolSync calls the objects that it makes for a resource: people's scripts read some of these names. Pure. */
import { shorten } from '../../volumes/pvc';

export { shorten } from '../../volumes/pvc';

/** Of a ReplicationSource, or of a ReplicationDestination. */
export type Side = 'src' | 'dst';

/** The Service, and the Job, of a resource whose method is this one. */
export const serviceName = (method: 'rsync' | 'rsyncTLS', side: Side, name: string): string =>
  shorten(`volsync-${method === 'rsync' ? 'rsync' : 'rsync-tls'}-${side}-`, name);

/** Both pairs of keys; what the source needs of them; what the destination needs. */
export type SshSecret = 'main' | 'src' | 'dest';

/** Not shortened: a Secret's name may be 253 characters long. */
export const sshSecretName = (side: Side, which: SshSecret, name: string): string =>
  `volsync-rsync-${side}-${which}-${name}`;

/** Of both kinds of resource. Not shortened. */
export const tlsSecretName = (name: string): string => `volsync-rsync-tls-${name}`;
