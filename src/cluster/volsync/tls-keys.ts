/** The key of `rsyncTLS`: one that both sides share, made by either of them, and carried to the other by people. */
import { randomBytes } from 'node:crypto';
import type { ClusterObject, Secret } from '../../hosts/cluster/objects';
import { checkSecret, makeSecret, readSecret, type SecretsOf } from './secrets';
import { tlsSecretName } from '../../volumes/pvc';
import { ownedBy } from './owned';

/** Whoever has the key calls itself so. */
const IDENTITY = 'volsync';
const KEY_BYTES = 64;
export const TLS_FIELDS = ['psk.txt'] as const;

export interface TlsKeys {
  /** The Secret that this side goes by: the spec's `credentials`. */
  credentials: string;
  /** What `status.rsyncTLS.keySecret` says. Undefined where the key was given. */
  published?: string;
}

/**
 * The key of a resource: the one that it names, or one that is made for it, once, and never replaced. A source and a
 * destination of one name and namespace have it in common: it goes with the last of them.
 * @param given `spec.rsyncTLS.keySecret`
 * @throws TidemarkError `AuthRejected` where the Secret lacks its field
 */
export async function ensureTlsKey(
  cluster: SecretsOf,
  resource: ClusterObject,
  given?: string,
): Promise<TlsKeys> {
  const { namespace = '' } = resource.metadata;
  const name = given ?? tlsSecretName(resource);
  if (given === undefined && !(await readSecret(cluster, namespace, name))) {
    const key = `${IDENTITY}:${randomBytes(KEY_BYTES).toString('hex')}\n`;
    await makeSecret(cluster, resource, name, { 'psk.txt': key });
  }
  const secret = await checkSecret(cluster, { namespace, name, needed: TLS_FIELDS });
  if (given !== undefined) return { credentials: name };
  await shareIn(cluster, resource, secret);
  return { credentials: name, published: name };
}

async function shareIn({ api }: SecretsOf, resource: ClusterObject, secret: Secret): Promise<void> {
  const { ownerReferences = [], resourceVersion } = secret.metadata;
  // One that somebody has put there is theirs to remove.
  if (ownerReferences.length === 0 || ownerReferences.some(({ uid }) => uid === resource.metadata.uid))
    return;
  const owner = { ...ownedBy(resource), controller: false };
  await api.patch(secret, { metadata: { ownerReferences: [...ownerReferences, owner], resourceVersion } });
}
