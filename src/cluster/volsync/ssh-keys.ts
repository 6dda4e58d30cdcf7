/**
 * The keys of `rsync`: two pairs, of which `source` is the key of whoever pushes and `destination` the host key of whoever is
 * pushed to. Either side may make both, and people carry to the other side what that needs.
 */
import { makeSshKey } from '../../hosts/local/ssh-key';
import { type Side, sideOf, type SshSecret, sshSecretName } from '../../volumes/pvc';
import type { ClusterObject } from '../../hosts/cluster/objects';
import { checkSecret, fieldsOf, makeSecret, readSecret, type SecretsOf } from './secrets';

/** What is in each of them. Neither side's has the other's private key. */
export const SSH_FIELDS: Readonly<Record<SshSecret, readonly string[]>> = {
  main: ['source', 'source.pub', 'destination', 'destination.pub'],
  src: ['source', 'source.pub', 'destination.pub'],
  dest: ['destination', 'destination.pub', 'source.pub'],
};

/** What is needed of a side's own Secret. */
const OWN: Readonly<Record<Side, 'src' | 'dest'>> = { src: 'src', dst: 'dest' };
const THEIRS: Readonly<Record<Side, 'src' | 'dest'>> = { src: 'dest', dst: 'src' };

export interface SshKeys {
  /** The Secret that this side goes by: the spec's `credentials`. */
  credentials: string;
  /** What `status.rsync.sshKeys` says: the Secret for the other side. Undefined where the keys were given. */
  published?: string;
}

function makePair(name: 'source' | 'destination'): Record<string, string> {
  const { publicLine, privateFile } = makeSshKey();
  return { [name]: privateFile, [`${name}.pub`]: `${publicLine}\n` };
}

/**
 * The keys of a resource: those that it names, or those that are made for it, once. Keys that are there are never replaced: the
 * other side has theirs.
 * @param given `spec.rsync.sshKeys`
 * @throws TidemarkError `AuthRejected` where a Secret lacks a field
 */
export async function ensureSshKeys(
  cluster: SecretsOf,
  resource: ClusterObject,
  given?: string,
): Promise<SshKeys> {
  const { namespace = '' } = resource.metadata;
  const side = sideOf(resource);
  if (given !== undefined) {
    await checkSecret(cluster, { namespace, name: given, needed: SSH_FIELDS[OWN[side]] });
    return { credentials: given };
  }
  const nameOf = (which: SshSecret) => sshSecretName(resource, which);
  if (!(await readSecret(cluster, namespace, nameOf('main'))))
    await makeSecret(cluster, resource, nameOf('main'), {
      ...makePair('source'),
      ...makePair('destination'),
    });
  // Read anew: somebody else may have been quicker.
  const at = { namespace, name: nameOf('main'), needed: SSH_FIELDS.main };
  const both = fieldsOf(await checkSecret(cluster, at));
  for (const which of ['src', 'dest'] as const) {
    const needed = SSH_FIELDS[which];
    if (!(await readSecret(cluster, namespace, nameOf(which)))) {
      const fields = Object.fromEntries(needed.map((field) => [field, both[field] ?? '']));
      await makeSecret(cluster, resource, nameOf(which), fields);
    }
    await checkSecret(cluster, { namespace, name: nameOf(which), needed });
  }
  return { credentials: nameOf(OWN[side]), published: nameOf(THEIRS[side]) };
}
