/** Secrets of a resource of VolSync: read, checked for what is to be in them, and made where they are not there. */
import type { ClusterApi } from '../../hosts/cluster/contract';
import { CORE, type ClusterObject, type Secret } from '../../hosts/cluster/objects';
import { TidemarkError } from '../../model/errors';
import { CREATED_BY, ownedBy } from './owned';

/** The cluster whose Secrets they are. */
export interface SecretsOf {
  name: string;
  api: ClusterApi;
}

type Fields = Readonly<Record<string, string>>;

/** What VolSync says of a Secret that lacks something; undefined where all is there. Pure. */
export function objectToFields({ data = {} }: Secret, needed: readonly string[]): string | undefined {
  if (Object.keys(data).length < needed.length) return `secret should have fields: [${needed.join(' ')}]`;
  const missing = needed.find((field) => !Object.hasOwn(data, field));
  return missing === undefined ? undefined : `secret is missing field: ${missing}`;
}

/** Its fields as text. Pure. */
export const fieldsOf = ({ data = {} }: Secret): Fields =>
  Object.fromEntries(
    Object.entries(data).map(([field, value]) => [field, Buffer.from(value, 'base64').toString()]),
  );

const fail = ({ name: host }: SecretsOf, message: string, hint: string) =>
  new TidemarkError('AuthRejected', message, { host, hint });

export const readSecret = ({ api }: SecretsOf, namespace: string, name: string) =>
  api.read<Secret>({ apiVersion: CORE, kind: 'Secret', metadata: { namespace, name } });

/**
 * A Secret that a resource names. Whether what is in it fits is for the far end to say.
 * @throws TidemarkError `AuthRejected`, with VolSync's own message, where it is not there or lacks a field
 */
export async function checkSecret(
  cluster: SecretsOf,
  { namespace, name, needed }: { namespace: string; name: string; needed: readonly string[] },
): Promise<Secret> {
  const secret = await readSecret(cluster, namespace, name);
  if (!secret) throw fail(cluster, `secrets "${name}" not found`, `make Secret ${namespace}/${name}`);
  const objection = objectToFields(secret, needed);
  if (objection === undefined) return secret;
  throw fail(cluster, objection, `give Secret ${namespace}/${name} the fields ${needed.join(', ')}`);
}

/** Makes a Secret that the resource owns. One that is there stays as it is. */
export async function makeSecret(
  { api }: SecretsOf,
  resource: ClusterObject,
  name: string,
  fields: Fields,
): Promise<Secret> {
  const { namespace = '' } = resource.metadata;
  const data = Object.fromEntries(
    Object.entries(fields).map(([field, text]) => [field, Buffer.from(text).toString('base64')]),
  );
  return await api.create<Secret>({
    ...{ apiVersion: CORE, kind: 'Secret', data },
    metadata: { name, namespace, labels: CREATED_BY, ownerReferences: [ownedBy(resource)] },
  });
}
