import { checkDocument } from '../../model/parse-spec';
import { orient } from '../../model/orientation';
import type { Relationship } from '../../model/spec';
import type { RelationshipStatus } from '../../model/status';
import {
  checkParting,
  giveTarget,
  isMutual,
  isParting,
  JOINED_WITH,
  type JointDocument,
  jointName,
  keepTarget,
  objectionToPartner,
  takeBack,
  tellJoined,
} from './joint';
import type { VolSyncResource } from './resource';
import { claimOf, documentOf } from './translate';

const FACTS = { mayBeRoot: true, keys: 'keys', door: { service: 'volsync-rsync-dst-db', port: 22 } };

function make(kind: VolSyncResource['kind'], spec: object, partner?: string): VolSyncResource {
  return {
    ...{ apiVersion: 'volsync.backube/v1alpha1', kind, spec },
    metadata: {
      ...{ name: 'db', namespace: 'shop', uid: 'u', generation: 1 },
      ...(partner !== undefined && { annotations: { [JOINED_WITH]: partner } }),
    },
  };
}
const source = (partner?: string) =>
  make(
    'ReplicationSource',
    {
      sourcePVC: 'db',
      trigger: { schedule: '0 * * * *' },
      rsync: { copyMethod: 'Snapshot', address: 'a', sshKeys: 'keys' },
    },
    partner,
  );
const destination = (partner?: string) =>
  make('ReplicationDestination', { rsync: { copyMethod: 'Snapshot', destinationPVC: 'db' } }, partner);

/** As Temporal knows it once it was applied. */
function applied(document: object): RelationshipStatus {
  const checked = checkDocument(document);
  expect(checked.problems).toEqual([]);
  const relationship = checked.relationship as Relationship;
  return {
    ...{ name: relationship.metadata.name, document: relationship, direction: 'forward', phase: 'Idle' },
    targets: [],
  } as unknown as RelationshipStatus;
}
const sourceDocument = (partner?: string) => documentOf('east', source(partner), FACTS) as JointDocument;
const claim = claimOf('west', destination(), 'rsync', FACTS);
const targetsOf = (status: RelationshipStatus) => status.document.spec.targets;

test('a source that names a destination goes on by itself until that gives its claim', () => {
  const found = applied(keepTarget(sourceDocument('west/shop/db'), undefined));
  expect(targetsOf(found)).toMatchObject([{ peer: 'ssh://root@a:22/~' }]);
  expect(tellJoined('east', source('west/shop/db'), { name: found.name, found })).toMatchObject({
    ...{ status: 'False', reason: 'AwaitingDestination' },
    message: expect.stringContaining(
      'kubectl annotate replicationdestinations.volsync.backube db --namespace shop tidemark.dev/joined-with=east/shop/db',
    ) as string,
  });
});

test('both name one another: the claim is the target, and stays it whichever of them speaks next', () => {
  const alone = applied(sourceDocument('west/shop/db'));
  expect(isMutual('west', destination('east/shop/db'), 'east/shop/db', alone)).toBe(true);
  const given = giveTarget(alone, claim);
  const joint = applied(given ?? {});
  expect(targetsOf(joint)).toMatchObject([{ host: 'west', pvc: 'shop/db', copyMethod: 'Snapshot' }]);
  expect(giveTarget(joint, claim)).toBeUndefined();
  const again = applied(keepTarget(sourceDocument('west/shop/db'), joint));
  expect(again.document).toEqual(joint.document);
  expect(tellJoined('east', source('west/shop/db'), { name: joint.name, found: joint })).toMatchObject({
    status: 'True',
  });
});

test('what the source says while the target is the primary keeps the target', () => {
  const joint = applied(giveTarget(applied(sourceDocument('west/shop/db')), claim) ?? {});
  const reversed = {
    ...joint,
    ...{
      direction: 'reversed',
      document: orient(joint.document, joint.document.spec.targets[0]?.name ?? 'west'),
    },
  } as RelationshipStatus;
  expect(reversed.document.spec.source).toMatchObject({ host: 'west' });
  expect(targetsOf(applied(keepTarget(sourceDocument('west/shop/db'), reversed)))).toEqual(targetsOf(joint));
});

test.each([
  ['names none', source()],
  ['names another', source('west/shop/other')],
])('a destination whose source %s goes on by itself', (_, other) => {
  const found = applied(documentOf('east', other, FACTS));
  expect(isMutual('west', destination('east/shop/db'), 'east/shop/db', found)).toBe(false);
});

test('a relationship of that name that is not that source’s is never taken', () => {
  const found = applied(sourceDocument('west/shop/db'));
  const byHand = structuredClone(found);
  byHand.document.metadata.labels['tidemark.dev/resource'] = 'ReplicationSource.volsync.backube/shop/other';
  expect(isMutual('west', destination('east/shop/db'), 'east/shop/db', byHand)).toBe(false);
});

test('a source that names no destination any more pushes as before', () => {
  const joint = applied(giveTarget(applied(sourceDocument('west/shop/db')), claim) ?? {});
  expect(isParting(sourceDocument(), joint)).toBe(true);
  expect(isParting(sourceDocument('west/shop/db'), joint)).toBe(false);
  expect(() => checkParting(joint)).not.toThrow();
  expect(() => checkParting({ ...joint, direction: 'reversed' })).toThrow(/relocate east.shop.db.source/);
  const parted = applied(keepTarget(sourceDocument(), joint));
  expect(targetsOf(parted)).toMatchObject([{ peer: 'ssh://root@a:22/~' }]);
  expect(isMutual('west', destination('east/shop/db'), 'east/shop/db', parted)).toBe(false);
});

test('a source whose destination is deleted goes on by itself, and is joined with one that comes anew', () => {
  const wanted = sourceDocument('west/shop/db');
  const joint = applied(giveTarget(applied(wanted), claim) ?? {});
  const left = applied(takeBack(joint));
  expect(applied(takeBack(left)).document).toEqual(left.document);
  expect(isParting(wanted, left)).toBe(true);
  const alone = applied(keepTarget(wanted, left));
  expect(targetsOf(alone)).toMatchObject([{ peer: 'ssh://root@a:22/~' }]);
  expect(isParting(wanted, alone)).toBe(false);
  expect(tellJoined('east', source('west/shop/db'), { name: alone.name, found: alone })).toMatchObject({
    ...{ status: 'False', reason: 'AwaitingDestination' },
  });
  expect(isMutual('west', destination('east/shop/db'), 'east/shop/db', alone)).toBe(true);
});

test('a half is found by its name, those of Scribe too', () => {
  expect(jointName(destination(), 'east/shop/db')).toBe('east.shop.db.source');
  const scribe = { ...destination(), apiVersion: 'scribe.backube/v1alpha1' };
  expect(jointName(scribe, 'east/shop/db')).toBe('east.shop.db.scribe-source');
});

test.each(['db', 'shop/db', 'a/b/c/d', 'east/sh op/db'])('%s names no half', (partner) => {
  expect(objectionToPartner(source(partner))).toContain('is not HOST/NAMESPACE/NAME');
});

test('what goes by a store can’t be joined', () => {
  const restic = make('ReplicationSource', { sourcePVC: 'db', restic: { repository: 'r' } }, 'west/shop/db');
  expect(objectionToPartner(restic)).toContain('by rsync and rsyncTLS alone');
});
