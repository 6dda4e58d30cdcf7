/**
 * A source and a destination that name one another are one relationship: that of the source, whose target is the claim of
 * the destination. Each may be in a cluster of its own. Pure.
 */
import { z } from 'zod';
import { TidemarkError } from '../../model/errors';
import { RESOURCE_LABELS } from '../../model/resource-labels';
import type { RelationshipStatus } from '../../model/status';
import {
  methodsIn,
  ownerOf,
  type VolSyncCondition,
  type VolSyncResource,
  volsyncRelationshipName,
} from './resource';

/** Of a resource: the other half, as `HOST/NAMESPACE/NAME`. */
export const JOINED_WITH = 'tidemark.dev/joined-with';

const HALF = /^([^/\s]+)\/([^/\s]+)\/([^/\s]+)$/;

/** What a half is called by the other one: `west/shop/mysql`. */
export const halfName = (cluster: string, { metadata }: VolSyncResource): string =>
  `${cluster}/${metadata.namespace ?? ''}/${metadata.name}`;

/** The other half that a resource names, where it names one. */
export function partnerOf({ metadata }: VolSyncResource): string | undefined {
  const named = metadata.annotations?.[JOINED_WITH]?.trim();
  return named === '' ? undefined : named;
}

/** Why a resource can't be joined as it says. */
export function objectionToPartner(resource: VolSyncResource): string | undefined {
  const partner = partnerOf(resource);
  if (partner === undefined) return undefined;
  const problem = (text: string) => `annotation ${JOINED_WITH}: "${partner}" ${text}`;
  if (!HALF.test(partner)) return problem('is not HOST/NAMESPACE/NAME of the other half, as west/shop/mysql');
  const [method] = methodsIn(resource);
  if (method !== 'rsync' && method !== 'rsyncTLS')
    return problem('can be joined by rsync and rsyncTLS alone: a store lies between the two otherwise');
  return undefined;
}

function partsOf(partner: string): { host: string; namespace: string; name: string } {
  const [, host = '', namespace = '', name = ''] = HALF.exec(partner) ?? [];
  return { host, namespace, name };
}

/** The source that a destination names, as far as its name tells: of the same group. */
function sourceOf(destination: VolSyncResource, partner: string): { host: string; source: VolSyncResource } {
  const { host, ...metadata } = partsOf(partner);
  return { host, source: { ...destination, kind: 'ReplicationSource', metadata } };
}

/** The relationship of the source that a destination names. */
export function jointName(destination: VolSyncResource, partner: string): string {
  const { host, source } = sourceOf(destination, partner);
  return volsyncRelationshipName(host, source);
}

/** The relationship of a source, where that names this destination as well. */
export function isMutual(
  cluster: string,
  destination: VolSyncResource,
  partner: string,
  found: RelationshipStatus | undefined,
): found is RelationshipStatus {
  const { host, source } = sourceOf(destination, partner);
  const labels = found?.document.metadata.labels ?? {};
  return (
    !found?.vanished &&
    labels[RESOURCE_LABELS.cluster] === host &&
    labels[RESOURCE_LABELS.resource] === ownerOf(source) &&
    labels[RESOURCE_LABELS.joinedWith] === halfName(cluster, destination)
  );
}

const ClaimSchema = z.looseObject({ host: z.string(), pvc: z.string() });

/** In place of a claim: its destination is deleted. */
const TAKEN_BACK = 'taken back';

/** The claim that the destination has given for a target. */
function claimIn(labels: Readonly<Record<string, string>>): object | undefined {
  try {
    return ClaimSchema.parse(JSON.parse(labels[RESOURCE_LABELS.joinedClaim] ?? ''));
  } catch {
    return undefined;
  }
}

/** What of a document the two halves write. */
export interface JointDocument {
  metadata: { labels: Record<string, string> };
  spec: object;
}

/** A source's document, with the target that its destination gave; unchanged where none has given any. */
export function keepTarget<T extends JointDocument>(document: T, found: RelationshipStatus | undefined): T {
  const { labels } = document.metadata;
  const given = found?.document.metadata.labels ?? {};
  const wanted = labels[RESOURCE_LABELS.joinedWith];
  const claim = claimIn(given);
  if (wanted === undefined || given[RESOURCE_LABELS.joinedWith] !== wanted || !claim) return document;
  const kept = { [RESOURCE_LABELS.joinedClaim]: given[RESOURCE_LABELS.joinedClaim] ?? '' };
  return {
    ...document,
    metadata: { ...document.metadata, labels: { ...labels, ...kept } },
    spec: { ...document.spec, targets: [claim] },
  };
}

/** The document of a source with the claim of its destination as its target; undefined where it has that. */
export function giveTarget({ document }: RelationshipStatus, claim: object): object | undefined {
  const { labels } = document.metadata;
  const text = JSON.stringify(claim);
  if (labels[RESOURCE_LABELS.joinedClaim] === text) return undefined;
  return {
    ...document,
    metadata: { ...document.metadata, labels: { ...labels, [RESOURCE_LABELS.joinedClaim]: text } },
    spec: { ...document.spec, targets: [claim] },
  };
}

/** The document of a source whose destination is deleted: its agent sees by this that it goes on by itself. */
export const takeBack = ({ document }: RelationshipStatus): object => ({
  ...document,
  metadata: {
    ...document.metadata,
    labels: { ...document.metadata.labels, [RESOURCE_LABELS.joinedClaim]: TAKEN_BACK },
  },
});

/** A source was joined with a destination that its document names no more, or that is deleted. */
export function isParting({ metadata }: JointDocument, { document }: RelationshipStatus): boolean {
  const { labels } = document.metadata;
  const wanted = metadata.labels[RESOURCE_LABELS.joinedWith];
  if (labels[RESOURCE_LABELS.joinedClaim] === TAKEN_BACK) return true;
  return claimIn(labels) !== undefined && labels[RESOURCE_LABELS.joinedWith] !== wanted;
}

/** The source is the primary, and nothing is about to change that. */
export const isAtHome = ({ direction, takeover }: RelationshipStatus): boolean =>
  direction === 'forward' && !takeover;

/** @throws TidemarkError `InvalidSpec` while the claim of the destination is where the data is written */
export function checkParting(found: RelationshipStatus): void {
  if (isAtHome(found)) return;
  throw new TidemarkError(
    'InvalidSpec',
    `its destination is the primary, and can't be parted from it: tidemark relocate ${found.name} goes home first`,
  );
}

const CONDITION = 'Joined';

/** Whether the two halves are one relationship; undefined where a resource names no other half. */
export function tellJoined(
  cluster: string,
  resource: VolSyncResource,
  {
    name,
    isShared = false,
    found,
  }: { name: string; isShared?: boolean; found?: RelationshipStatus | undefined },
): Omit<VolSyncCondition, 'lastTransitionTime'> | undefined {
  const partner = partnerOf(resource);
  if (partner === undefined || objectionToPartner(resource) !== undefined) return undefined;
  const isSource = resource.kind === 'ReplicationSource';
  const other = isSource ? 'destination' : 'source';
  const labels = found?.document.metadata.labels ?? {};
  const isJoined = isSource
    ? labels[RESOURCE_LABELS.joinedWith] === partner && claimIn(labels) !== undefined
    : isShared;
  if (isJoined)
    return {
      ...{ type: CONDITION, status: 'True', reason: 'Joined' },
      message: `one relationship with ${other} ${partner}: tidemark describe ${name}`,
    };
  const { namespace, name: named } = partsOf(partner);
  const [group = ''] = resource.apiVersion.split('/');
  const annotate = `kubectl annotate replication${other}s.${group} ${named} --namespace ${namespace} ${JOINED_WITH}=${halfName(cluster, resource)}`;
  return {
    ...{ type: CONDITION, status: 'False', reason: isSource ? 'AwaitingDestination' : 'AwaitingSource' },
    message: `goes on by itself until ${other} ${partner} is served and names this one: ${annotate}`,
  };
}
