/** Credentials of a cluster: Secrets of the namespace of the claim that is copied, read anew at each use. */
import { TidemarkError } from '../../model/errors';
import { createHash } from 'node:crypto';
import type { Credentials, DoorKeys, KeyFiles } from '../contract';
import { isRcloneConfig, toVariables } from '../rclone-config';
import { cleanSharedKey, objectToSharedKey, SHARED_KEY } from '../shared-key';
import { type Cluster, KEYS_FOLDER } from './contract';
import { CORE, type Secret } from './objects';

/** The field of a Secret that is as `rclone.conf`; the others are variables, by their names. */
const RCLONE_CONFIG = 'rclone.conf';

const isVariable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

/** The fields of a Secret as text. */
type Fields = Readonly<Record<string, string>>;

/**
 * What a Secret sets: each field whose name a variable may have, and what `rclone.conf` says. Pure.
 * Files in other fields (`ca.crt`) are none.
 */
export function variablesOf(fields: Fields): Record<string, string> {
  const { [RCLONE_CONFIG]: config = '', ...others } = fields;
  const own = Object.entries(others).filter(([name]) => isVariable(name));
  return { ...(isRcloneConfig(config) ? toVariables(config) : {}), ...Object.fromEntries(own) };
}

export function makeSecretCredentials({ name: host, api }: Pick<Cluster, 'name' | 'api'>): Credentials {
  const fail = (message: string, hint: string, cause?: unknown) =>
    new TidemarkError('AuthRejected', message, { host, hint }, { cause });

  /** @throws TidemarkError `AuthRejected` where there is none, or this agent may not read it */
  const readFields = async (name: string, namespace: string | undefined): Promise<Fields> => {
    if (namespace === undefined) {
      throw fail(
        `credentials ${name}: nothing says in which namespace the Secret is`,
        `it is that of the claim which is copied, and the spec names none of ${host}`,
      );
    }
    const reference = { apiVersion: CORE, kind: 'Secret', metadata: { namespace, name } };
    const secret = await api.read<Secret>(reference).catch((error: unknown) => {
      if (!(error instanceof TidemarkError) || error.type !== 'AuthRejected') throw error;
      throw fail(
        `credentials ${name}: this agent may not read Secret ${namespace}/${name}`,
        'allow it: deploy/kubernetes/agent-secrets.yaml',
        error,
      );
    });
    if (!secret) {
      throw fail(
        `credentials ${name}: there is no Secret ${name} in namespace ${namespace}`,
        `make it: kubectl create secret generic ${name} --namespace ${namespace} --from-env-file FILE`,
      );
    }
    const decoded = Object.entries(secret.data ?? {}).map(
      ([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const,
    );
    return Object.fromEntries(decoded);
  };

  return {
    async readVariables(name, namespace) {
      const variables = variablesOf(await readFields(name, namespace));
      if (Object.keys(variables).length > 0) return variables;
      throw fail(
        `credentials ${name}: Secret ${namespace}/${name} sets nothing`,
        `give it the field ${RCLONE_CONFIG}, or one for each variable, such as RESTIC_PASSWORD`,
      );
    },

    async findKey(name, { runner, namespace }): Promise<KeyFiles> {
      const fields = await readFields(name, namespace);
      const key = fields.key ?? fields['ssh-privatekey'] ?? fields.source;
      const pinned = `${withEnd(fields.known_hosts ?? '')}${pinEverywhere(fields['destination.pub'] ?? '')}`;
      if (!key) {
        throw fail(
          `credentials ${name}: Secret ${namespace}/${name} has no key`,
          'give it the field key (or ssh-privatekey, or source): a private key without a passphrase, which the account lets in',
        );
      }
      const folder = folderOf(name);
      const pinnedIn = fields['destination.pub'] === undefined ? 'known_hosts' : 'destination.pub';
      const files = {
        ...{ key: `${folder}/key`, knownHosts: `${folder}/known_hosts` },
        pinnedIn: `the field ${pinnedIn} of Secret ${namespace}/${name}`,
      };
      await runner.files.write(files.knownHosts, pinned, 0o600);
      await runner.files.write(files.key, withEnd(key), 0o600);
      return files;
    },

    async findDoorKeys(name, at): Promise<DoorKeys> {
      if (!at) throw fail(`credentials ${name}: a door of ${host} is a pod’s`, 'name a claim as the target');
      const { runner, namespace } = at;
      const fields = await readFields(name, namespace);
      const keys = fields['source.pub'] ?? fields.authorized_keys;
      const hostKey = fields.destination ?? fields.host_key;
      if (!keys || !hostKey) {
        const [field, what] = keys
          ? ['destination (or host_key)', 'the private key by which the door shows itself']
          : ['source.pub (or authorized_keys)', 'the public key of whoever pushes'];
        throw fail(
          `credentials ${name}: Secret ${namespace}/${name} has no field ${field}`,
          `put there ${what}`,
        );
      }
      const folder = folderOf(name);
      const files = { authorizedKeys: `${folder}/authorized_keys`, hostKey: `${folder}/host_key` };
      await runner.files.write(files.authorizedKeys, withEnd(keys), 0o600);
      await runner.files.write(files.hostKey, withEnd(hostKey), 0o600);
      return files;
    },

    async findSharedKey(name, { runner, namespace }): Promise<string> {
      const text = (await readFields(name, namespace))[SHARED_KEY] ?? '';
      const objection = objectToSharedKey(text);
      if (objection !== undefined)
        throw fail(
          `credentials ${name}: the field ${SHARED_KEY} of Secret ${namespace}/${name} ${objection}`,
          'put there the same line as at the other end, such as volsync: and 128 hexadecimal digits',
        );
      const file = `${folderOf(name)}/${SHARED_KEY}`;
      await runner.files.write(file, cleanSharedKey(text), 0o600);
      return file;
    },
  };
}

/** Where the keys of a Secret are in a pod. */
const folderOf = (name: string): string =>
  `${KEYS_FOLDER}/${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;

/** The host key of VolSync's Secrets: whichever address shows it. */
function pinEverywhere(publicKey: string): string {
  const [type, key] = publicKey.trim().split(/\s+/);
  return type && key ? `* ${type} ${key}\n` : '';
}

/** OpenSSH takes no key without it. */
const withEnd = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
