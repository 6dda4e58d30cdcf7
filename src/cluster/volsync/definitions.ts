/**
 * The CustomResourceDefinitions of Scribe's and VolSync's resources, so that the API server takes what people have written
 * for these. Pure.
 */
import { CONDITION as METAV1_CONDITION, column, makeDefinition } from '../definition';
import type { StructuralSchema } from '../structural';
import {
  CACHE,
  CUSTOM_CA,
  EXTERNAL,
  FEW_MOVER_OPTIONS,
  flag,
  instant,
  list,
  MOVER_OPTIONS,
  number,
  object,
  port,
  type Properties,
  quantity,
  RCLONE,
  text,
  TEXT_OF_SSH,
  texts,
  volumeOptions,
} from './schema-parts';

/** Scribe's became VolSync's, which has more of everything. */
export const VOLSYNC_GROUPS = ['scribe.backube', 'volsync.backube'] as const;
export type VolSyncGroup = (typeof VOLSYNC_GROUPS)[number];

export const VOLSYNC_KINDS = ['ReplicationSource', 'ReplicationDestination'] as const;
export type VolSyncKind = (typeof VOLSYNC_KINDS)[number];

export const VOLSYNC_VERSION = 'v1alpha1';

/** Which of the four. */
interface Flavour {
  isVolSync: boolean;
  isSource: boolean;
}

const SCHEDULES = {
  'scribe.backube': String.raw`^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$`,
  // Not what it was meant to be, since its alternatives are not grouped: a schedule that it lets through may be none.
  'volsync.backube': String.raw`^(@(annually|yearly|monthly|weekly|daily|hourly))|((((\d+,)*\d+|(\d+(\/|-)\d+)|\*(\/\d+)?)\s?){5})$`,
} as const satisfies Record<VolSyncGroup, string>;

const groupOf = ({ isVolSync }: Flavour): VolSyncGroup => (isVolSync ? 'volsync.backube' : 'scribe.backube');

const when = (isTrue: boolean, properties: Properties): Properties => (isTrue ? properties : {});

function volumeOf({ isVolSync, isSource }: Flavour): Properties {
  const copyMethods = ['None', 'Clone', 'Snapshot'];
  return {
    ...volumeOptions(isVolSync ? ['Direct', ...copyMethods] : copyMethods, isSource),
    ...when(!isSource, {
      destinationPVC: text('The PVC that is brought up to date; left out: one is made.'),
    }),
    ...when(!isSource && isVolSync, {
      cleanupTempPVC: flag('A PVC that was made is removed after each sync that went well.'),
    }),
  };
}

/** Of destinations that wait for the other side. */
const LISTENING: Properties = {
  serviceAnnotations: texts('Of the Service that the other side connects to.'),
  volumeMode: text('Of a PVC that is made: Filesystem or Block.'),
};

function rsync(flavour: Flavour): StructuralSchema {
  const { isVolSync, isSource } = flavour;
  return object('By rsync over SSH: the source connects to the destination.', {
    ...volumeOf(flavour),
    ...TEXT_OF_SSH,
    ...when(isVolSync, FEW_MOVER_OPTIONS),
    ...when(isVolSync && !isSource, LISTENING),
  });
}

function rsyncTls(flavour: Flavour): StructuralSchema {
  return object('By rsync over TLS: the source connects to the destination.', {
    ...volumeOf(flavour),
    ...MOVER_OPTIONS,
    keySecret: text('The Secret with the key that both sides have; left out: one is made.'),
    ...(flavour.isSource
      ? {
          address: text('Where the destination listens.'),
          port: port('The port that the destination listens at; left out: 8000.'),
        }
      : { ...LISTENING, serviceType: text('Of the Service that the source connects to.') }),
  });
}

function rclone(flavour: Flavour): StructuralSchema {
  return object('To or from a bucket, by rclone.', {
    ...volumeOf(flavour),
    ...RCLONE,
    ...when(flavour.isVolSync, { ...CUSTOM_CA, ...MOVER_OPTIONS }),
  });
}

const retain = ({ isVolSync }: Flavour): StructuralSchema =>
  object('Which backups are kept; left out: the newest alone.', {
    ...Object.fromEntries(
      ['hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((period) => [period, number('How many.')]),
    ),
    ...when(isVolSync, { last: text('How many of the newest.') }),
    within: text('All that are not older than this: 2y5m7d3h.'),
  });

const backup = (flavour: Flavour): Properties => ({
  pruneIntervalDays: number('How often what no backup needs is removed; left out: every 7 days.'),
  retain: retain(flavour),
  ...when(flavour.isVolSync, {
    unlock: text('Removes the locks of the repository, once for each new text.'),
  }),
});

const restore = ({ isVolSync }: Flavour): Properties =>
  when(isVolSync, {
    cleanupCachePVC: flag('The cache is removed after each sync that went well.'),
    enableFileDeletion: flag('What is there and not in the backup is deleted.'),
    previous: number('How many backups before that one.'),
    restoreAsOf: instant('The newest backup that is not newer than this.'),
  });

function restic(flavour: Flavour): StructuralSchema {
  return object('To or from a repository of restic.', {
    ...volumeOf(flavour),
    ...CACHE,
    repository: text('The Secret that says where the repository is, and its password.'),
    ...(flavour.isSource ? backup(flavour) : restore(flavour)),
    ...when(flavour.isVolSync, { ...CUSTOM_CA, ...MOVER_OPTIONS }),
  });
}

const PEER: Properties = { ID: text('Its ID.'), address: text('Its address.') };

const SYNCTHING = object('With others, by Syncthing.', {
  configAccessModes: list('Of the PVC for its own files.', { type: 'string' }),
  configCapacity: quantity('Of the PVC for its own files.'),
  configStorageClassName: text('Of the PVC for its own files.'),
  ...MOVER_OPTIONS,
  peers: list(
    'The others.',
    object('One of them.', { ...PEER, introducer: flag('It introduces others.') }, [
      'ID',
      'address',
      'introducer',
    ]),
  ),
  serviceType: text('Of the Service that the others connect to.'),
});

function specOf(flavour: Flavour): StructuralSchema {
  const { isVolSync, isSource } = flavour;
  return object('What is replicated, how and when: one method, and one trigger or none.', {
    ...when(isSource, { sourcePVC: text('The PVC that is replicated.') }),
    trigger: object('When. Left out: again as soon as one is done.', {
      schedule: { ...text('As cron has it, in UTC.'), pattern: SCHEDULES[groupOf(flavour)] },
      manual: text('Once for each new text; status.lastManualSync has it when that is done.'),
    }),
    paused: flag('Nothing new is begun.'),
    rsync: rsync(flavour),
    ...when(isVolSync, { rsyncTLS: rsyncTls(flavour) }),
    rclone: rclone(flavour),
    restic: restic(flavour),
    ...when(isVolSync && isSource, { syncthing: SYNCTHING }),
    external: EXTERNAL,
  });
}

/** Scribe's conditions were older than the common ones. */
const SCRIBE_CONDITION = object(
  'How it stands.',
  {
    lastTransitionTime: instant('Since when.'),
    message: text('In words.'),
    reason: text('In a word.'),
    status: text('True, False or Unknown.'),
    type: text('Of what.'),
  },
  ['status', 'type'],
);

const CONDITION = object(
  'How it stands.',
  {
    ...METAV1_CONDITION.properties,
    reason: {
      ...METAV1_CONDITION.properties?.reason,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    },
    type: {
      ...METAV1_CONDITION.properties?.type,
      pattern: String.raw`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`,
    },
  },
  ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
);

const SSH_STATUS = object('For the other side.', {
  address: text('Where this side listens.'),
  port: number('At which port.'),
  sshKeys: text('The Secret that the other side needs.'),
});

const IMAGE: StructuralSchema = {
  ...object(
    'The newest state that is whole: a VolumeSnapshot, or a PVC.',
    { apiGroup: text('Its group.'), kind: text('Its kind.'), name: text('Its name.') },
    ['kind', 'name'],
  ),
  'x-kubernetes-map-type': 'atomic',
};

const MOVER_STATUS = object('What the last mover said.', {
  result: text('Successful or Failed.'),
  logs: text('Its last lines.'),
});

const SYNCTHING_STATUS = object('How Syncthing stands.', {
  ...PEER,
  peers: list(
    'The others.',
    object(
      'One of them.',
      {
        ...PEER,
        connected: flag('It is connected.'),
        introducedBy: text('Who introduced it.'),
        name: text('What it calls itself.'),
      },
      ['ID', 'address', 'connected'],
    ),
  ),
});

function tlsStatus(isSource: boolean): StructuralSchema {
  const keySecret = text('The Secret that the other side needs.');
  if (isSource) return object('For the other side.', { keySecret });
  return object('For the other side.', {
    ...{ address: text('Where this side listens.'), port: number('At which port.') },
    keySecret,
  });
}

function statusOf({ isVolSync, isSource }: Flavour): StructuralSchema {
  const resticStatus = object('Of the repository.', {
    lastPruned: instant('When what no backup needs was last removed.'),
    ...when(isVolSync, { lastUnlocked: text('The text by which it was last unlocked.') }),
  });
  return object('How it stands.', {
    lastSyncTime: instant('When the last sync ended.'),
    ...when(isVolSync, { lastSyncStartTime: instant('When the sync that runs began.') }),
    lastSyncDuration: text('How long the last one took.'),
    nextSyncTime: instant('When the next one is due.'),
    lastManualSync: text('The trigger.manual of the last one.'),
    ...when(!isSource, { latestImage: IMAGE }),
    ...when(isVolSync, { latestMoverStatus: MOVER_STATUS }),
    rsync: SSH_STATUS,
    ...when(isVolSync, { rsyncTLS: tlsStatus(isSource) }),
    ...when(isSource, { restic: resticStatus }),
    ...when(isSource && isVolSync, { syncthing: SYNCTHING_STATUS }),
    external: texts('From somebody else.'),
    conditions: list('How it stands.', isVolSync ? CONDITION : SCRIBE_CONDITION),
  });
}

const DATE = { format: 'date-time' };

export const pluralOf = (kind: VolSyncKind): string => `${kind.toLowerCase()}s`;

/** All four kinds, by all their names. */
export const VOLSYNC_RESOURCES = VOLSYNC_GROUPS.flatMap((group) =>
  VOLSYNC_KINDS.map((kind) => ({
    ...{ apiVersion: `${group}/${VOLSYNC_VERSION}`, kind, plural: pluralOf(kind) },
  })),
);

/** To be applied by whoever installs Tidemark in a cluster: `deploy/kubernetes/crds`. */
export function makeVolSyncDefinition(group: VolSyncGroup, kind: VolSyncKind): object {
  const flavour = { isVolSync: group === 'volsync.backube', isSource: kind === 'ReplicationSource' };
  return makeDefinition({
    group,
    names: { plural: pluralOf(kind), singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    description: flavour.isSource ? 'A PVC that is replicated.' : 'A PVC that is brought up to date.',
    columns: [
      ...(flavour.isSource ? [column('Source', '.spec.sourcePVC')] : []),
      column('Last sync', '.status.lastSyncTime', DATE),
      column('Duration', '.status.lastSyncDuration'),
      column('Next sync', '.status.nextSyncTime', DATE),
    ],
    spec: specOf(flavour),
    status: statusOf(flavour),
    required: [],
  });
}

/** All four, by the name of their file without its ending. */
export function definitionFiles(): Record<string, object> {
  const all = VOLSYNC_GROUPS.flatMap((group) => VOLSYNC_KINDS.map((kind) => ({ group, kind })));
  return Object.fromEntries(
    all.map(({ group, kind }) => [
      `${group.replace('.backube', '')}-${pluralOf(kind)}`,
      makeVolSyncDefinition(group, kind),
    ]),
  );
}
