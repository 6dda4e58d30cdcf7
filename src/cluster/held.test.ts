import { type ClusterApi, Conflict } from '../hosts/cluster/contract';
import type { ClusterObject } from '../hosts/cluster/objects';
import { letGoOfAll } from './held';
import { FINALIZER, RESOURCE } from './resource';

const make = (name: string, finalizers: readonly string[]): ClusterObject => ({
  ...{ apiVersion: RESOURCE.apiVersion, kind: RESOURCE.kind },
  metadata: { name, namespace: 'shop', finalizers },
});

/** @param conflicts so many times somebody else was first */
function setUp(objects: ClusterObject[], conflicts = 0) {
  const asked: (string | undefined)[] = [];
  const api = {
    list({ namespace }: { namespace?: string }) {
      asked.push(namespace);
      return Promise.resolve(objects);
    },
    read: ({ metadata }: ClusterObject) =>
      Promise.resolve(objects.find((each) => each.metadata.name === metadata.name)),
    patch({ metadata }: ClusterObject, change: { metadata: object }) {
      if (conflicts-- > 0) return Promise.reject(new Conflict('changed'));
      const found = objects.find((each) => each.metadata.name === metadata.name);
      Object.assign(found?.metadata ?? {}, change.metadata);
      return Promise.resolve(found);
    },
  } as unknown as ClusterApi;
  return { api, asked };
}

test('every resource is let go of, whoever else changes it meanwhile; what others hold it by stays', async () => {
  const objects = [make('a', [FINALIZER]), make('b', ['other', FINALIZER]), make('c', ['other'])];
  const { api, asked } = setUp(objects, 2);
  expect(await letGoOfAll(api, [RESOURCE], ['shop'])).toEqual(['Relationship shop/a', 'Relationship shop/b']);
  expect(objects.map(({ metadata }) => metadata.finalizers)).toEqual([[], ['other'], ['other']]);
  expect(asked).toEqual(['shop']);
});

test('where it is not said in which namespaces, it is the whole cluster', async () => {
  const { api, asked } = setUp([]);
  expect(await letGoOfAll(api, [RESOURCE], undefined)).toEqual([]);
  expect(asked).toEqual([undefined]);
});

test('one that is changed all the time is not waited for', async () => {
  const { api } = setUp([make('a', [FINALIZER])], Infinity);
  await expect(letGoOfAll(api, [RESOURCE], ['shop'])).rejects.toThrow(Conflict);
});
