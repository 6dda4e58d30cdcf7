import type { Cluster } from '../../hosts/cluster/contract';
import type { ClusterObject } from '../../hosts/cluster/objects';
import { labelsOf, type ObjectRole } from './names';
import { removePassing } from './withdraw';

const make = (kind: string, role: ObjectRole): ClusterObject => ({
  ...{ apiVersion: 'v1', kind },
  metadata: { name: role, namespace: 'shop', uid: role, labels: labelsOf({ agent: 'east', role }) },
});

test('all that this agent has made is removed but recovery points, pods first', async () => {
  const there = [
    make('VolumeSnapshot', 'point'),
    make('VolumeSnapshot', 'capture'),
    make('PersistentVolumeClaim', 'room'),
    make('Job', 'mover'),
  ];
  const selected: unknown[] = [];
  const removed: string[] = [];
  const api = {
    list(selection: { kind: string; namespace?: string; labels: object }) {
      selected.push([selection.namespace, selection.labels]);
      return Promise.resolve(there.filter(({ kind }) => kind === selection.kind));
    },
    remove: ({ metadata }: ClusterObject, uid?: string) => {
      removed.push(`${metadata.name} ${uid}`);
      return Promise.resolve();
    },
  };
  const cluster = { name: 'east', api, namespaces: ['shop'] } as unknown as Cluster;
  expect(await removePassing(cluster)).toEqual([
    'Job shop/mover',
    'PersistentVolumeClaim shop/room',
    'VolumeSnapshot shop/capture',
  ]);
  expect(removed).toEqual(['mover mover', 'room room', 'capture capture']);
  expect(selected).toEqual(Array(3).fill(['shop', labelsOf({ agent: 'east' })]));
});
