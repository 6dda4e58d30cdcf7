import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { StructuralSchema } from '../structural';
import { definitionFiles, makeVolSyncDefinition, type VolSyncGroup, type VolSyncKind } from './definitions';

/**
 * Every field of theirs: which of the four resources have it (Scribe's source and destination: s and d; VolSync's: S and D),
 * its path, and its type; `!` where it is required.
 */
const FIELDS = `
sdSD spec.trigger.manual                                                            string
sd   spec.trigger.schedule                                                          cron
SD   spec.trigger.schedule                                                          cron-or-name
sdSD spec.paused                                                                    boolean
sdSD spec.external.{provider,parameters.*}                                          string
s S  spec.sourcePVC                                                                 string
sd   spec.{rsync,rclone,restic}.copyMethod                                          None|Clone|Snapshot
sdSD spec.{rsync,rclone,restic}.accessModes[]                                       string,1+
sdSD spec.{rsync,rclone,restic}.capacity                                            quantity
sdSD spec.{rsync,rclone,restic}.{storageClassName,volumeSnapshotClassName}          string
 d D spec.{rsync,rclone,restic}.destinationPVC                                      string
   D spec.rsyncTLS.destinationPVC                                                   string
   D spec.{rsync,rsyncTLS,rclone,restic}.cleanupTempPVC                             boolean
SD   spec.{rsync,rsyncTLS,rclone,restic}.copyMethod                                 Direct|None|Clone|Snapshot
SD   spec.rsyncTLS.accessModes[]                                                    string,1+
SD   spec.rsyncTLS.capacity                                                         quantity
SD   spec.rsyncTLS.{storageClassName,volumeSnapshotClassName,keySecret}             string
sdSD spec.rsync.{address,path,serviceType,sshKeys,sshUser}                          string
sdSD spec.rsync.port                                                                int32,0-65535
S    spec.rsyncTLS.address                                                          string
S    spec.rsyncTLS.port                                                             int32,0-65535
D    spec.rsyncTLS.serviceType                                                      string
D    spec.{rsync,rsyncTLS}.{serviceAnnotations.*,volumeMode}                        string
sdSD spec.rclone.{rcloneConfig,rcloneConfigSection,rcloneDestPath}                  string
SD   spec.{rclone,restic}.customCA.{configMapName,secretName,key}                   string
sdSD spec.restic.{repository,cacheStorageClassName,cacheAccessModes[]}              string
sdSD spec.restic.cacheCapacity                                                      quantity
s S  spec.restic.pruneIntervalDays                                                  int32
s S  spec.restic.retain.{hourly,daily,weekly,monthly,yearly}                        int32
s S  spec.restic.retain.within                                                      string
S    spec.restic.{retain.last,unlock}                                               string
D    spec.restic.{cleanupCachePVC,enableFileDeletion}                               boolean
D    spec.restic.previous                                                           int32
D    spec.restic.restoreAsOf                                                        date-time
SD   spec.{rsync,rsyncTLS,rclone,restic}.{moverServiceAccount,moverPodLabels.*}     string
SD   spec.{rsync,rsyncTLS,rclone,restic}.moverResources.{limits,requests}.*         quantity
SD   spec.{rsync,rsyncTLS,rclone,restic}.moverResources.claims[]                    anything
SD   spec.{rsyncTLS,rclone,restic}.{moverAffinity,moverSecurityContext}             anything
SD   spec.{rsyncTLS,rclone,restic}.moverVolumes[].mountPath                         string!
SD   spec.{rsyncTLS,rclone,restic}.moverVolumes[].volumeSource                      anything!
S    spec.syncthing.{moverServiceAccount,moverPodLabels.*}                          string
S    spec.syncthing.moverResources.{limits,requests}.*                              quantity
S    spec.syncthing.moverResources.claims[]                                         anything
S    spec.syncthing.{moverAffinity,moverSecurityContext}                            anything
S    spec.syncthing.moverVolumes[].mountPath                                        string!
S    spec.syncthing.moverVolumes[].volumeSource                                     anything!
S    spec.syncthing.{configAccessModes[],configStorageClassName,serviceType}        string
S    spec.syncthing.configCapacity                                                  quantity
S    spec.syncthing.peers[].{ID,address}                                            string!
S    spec.syncthing.peers[].introducer                                              boolean!
sdSD status.{lastSyncTime,nextSyncTime}                                             date-time
SD   status.lastSyncStartTime                                                       date-time
sdSD status.{lastSyncDuration,lastManualSync,external.*}                            string
 d D status.latestImage.apiGroup                                                    string
 d D status.latestImage.{kind,name}                                                 string!
SD   status.latestMoverStatus.{result,logs}                                         string
sdSD status.rsync.{address,sshKeys}                                                 string
sdSD status.rsync.port                                                              int32
SD   status.rsyncTLS.keySecret                                                      string
D    status.rsyncTLS.address                                                        string
D    status.rsyncTLS.port                                                           int32
s S  status.restic.lastPruned                                                       date-time
S    status.restic.lastUnlocked                                                     string
S    status.syncthing.{ID,address,peers[].introducedBy,peers[].name}                string
S    status.syncthing.peers[].{ID,address}                                          string!
S    status.syncthing.peers[].connected                                             boolean!
sd   status.conditions[].lastTransitionTime                                         date-time
sd   status.conditions[].{message,reason}                                           string
sd   status.conditions[].{status,type}                                              string!
SD   status.conditions[].lastTransitionTime                                         date-time!
SD   status.conditions[].message                                                    string,-32768!
SD   status.conditions[].reason                                                     reason!
SD   status.conditions[].status                                                     True|False|Unknown!
SD   status.conditions[].type                                                       type!
SD   status.conditions[].observedGeneration                                         int64,0-
`;

/** Texts that must look like something. */
const PATTERNS: Record<string, string> = {
  cron: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$',
  'cron-or-name':
    '^(@(annually|yearly|monthly|weekly|daily|hourly))|((((\\d+,)*\\d+|(\\d+(\\/|-)\\d+)|\\*(\\/\\d+)?)\\s?){5})$',
  reason: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
  type: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
};
const QUANTITY =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const RESOURCES: readonly [string, VolSyncGroup, VolSyncKind][] = [
  ['s', 'scribe.backube', 'ReplicationSource'],
  ['d', 'scribe.backube', 'ReplicationDestination'],
  ['S', 'volsync.backube', 'ReplicationSource'],
  ['D', 'volsync.backube', 'ReplicationDestination'],
];

/** `a.{b,c}` are `a.b` and `a.c`. */
function expand(path: string): string[] {
  const [, before = '', inside = '', after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(path) ?? [];
  return inside === '' ? [path] : inside.split(',').flatMap((each) => expand(`${before}${each}${after}`));
}

function expected(letter: string): string[] {
  const lines = FIELDS.trim()
    .split('\n')
    .map((line) => /^([sdSD ]+) ((?:spec|status)\S+) +(\S+)$/.exec(line) ?? []);
  return lines
    .flatMap(([, has = '', path = '', type = '']) =>
      has.includes(letter) ? expand(path).map((each) => `${each} ${type}`) : [],
    )
    .toSorted();
}

const shown = (value: unknown) => (value === undefined ? '' : JSON.stringify(value).replaceAll('"', ''));

function typeOf(schema: StructuralSchema): string {
  const { type, format, enum: values, pattern, minimum, maximum, maxLength } = schema;
  if (schema['x-kubernetes-int-or-string']) return pattern === QUANTITY ? 'quantity' : 'quantity?';
  if (values) return (values as string[]).join('|');
  if (pattern) return Object.keys(PATTERNS).find((name) => PATTERNS[name] === pattern) ?? '?';
  const range = minimum === undefined ? '' : `,${shown(minimum)}-${shown(maximum)}`;
  const length = maxLength === undefined ? '' : `,-${shown(maxLength)}`;
  return `${shown(format ?? type)}${range}${length}`;
}

/** Each field that holds no others, as the table has them. */
function leaves(path: string, schema: StructuralSchema, mark: string): string[] {
  const { properties, items, additionalProperties, required = [], minItems } = schema;
  if (schema['x-kubernetes-preserve-unknown-fields']) return [`${path} anything${mark}`];
  if (properties)
    return Object.entries(properties).flatMap(([name, each]) =>
      leaves(`${path}.${name}`, each, (required as string[]).includes(name) ? '!' : ''),
    );
  if (items) {
    const many = minItems === undefined ? mark : `,${shown(minItems)}+${mark}`;
    return leaves(`${path}[]`, items as StructuralSchema, many);
  }
  if (additionalProperties) return leaves(`${path}.*`, additionalProperties as StructuralSchema, mark);
  return [`${path} ${typeOf(schema)}${mark}`];
}

interface Definition {
  metadata: { name: string };
  spec: {
    scope: string;
    versions: {
      name: string;
      subresources: object;
      additionalPrinterColumns: { name: string; jsonPath: string; type: string }[];
      schema: { openAPIV3Schema: { required?: string[]; properties: Record<string, StructuralSchema> } };
    }[];
  };
}

const versionOf = (group: VolSyncGroup, kind: VolSyncKind) => {
  const { metadata, spec } = makeVolSyncDefinition(group, kind) as Definition;
  const [version] = spec.versions;
  if (!version) throw new Error('there is no version');
  return { metadata, spec, version };
};

test.each(RESOURCES)('%s: %s %s has each of their fields, and no other', (letter, group, kind) => {
  const { spec, status } = versionOf(group, kind).version.schema.openAPIV3Schema.properties;
  const all = [...leaves('spec', spec ?? {}, ''), ...leaves('status', status ?? {}, '')];
  expect(all.toSorted()).toEqual(expected(letter));
});

test.each(RESOURCES)('%s: %s %s is called, listed and stored as theirs', (_, group, kind) => {
  const { metadata, spec, version } = versionOf(group, kind);
  expect(metadata.name).toBe(`${kind.toLowerCase()}s.${group}`);
  expect([spec.scope, version.name, version.subresources]).toEqual([
    'Namespaced',
    'v1alpha1',
    { status: {} },
  ]);
  expect(version.schema.openAPIV3Schema.required).toBeUndefined();
  const columns = version.additionalPrinterColumns.map(
    ({ name, jsonPath, type }) => `${name} ${jsonPath} ${type}`,
  );
  expect(columns).toEqual([
    ...(kind === 'ReplicationSource' ? ['Source .spec.sourcePVC string'] : []),
    'Last sync .status.lastSyncTime string',
    'Duration .status.lastSyncDuration string',
    'Next sync .status.nextSyncTime string',
  ]);
});

test('the definitions in deploy are what the code says now; else run: npm run docs', () => {
  for (const [name, definition] of Object.entries(definitionFiles())) {
    const path = join(__dirname, `../../../deploy/kubernetes/crds/${name}.yaml`);
    expect(parse(readFileSync(path, 'utf8'))).toEqual(definition);
  }
});
