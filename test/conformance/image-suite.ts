/** What images promise, between two stores. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { imageDriver } from '../../src/volumes/image';
import type { EngineKind } from '../../src/volumes/image/store';
import { ImageRig } from '../support/rigs/image-rig';
import { sample } from '../support/sample';
import { BLOG, ImageStore, LAYER_BYTES, OWN, WIKI } from '../support/storage/image-stores';

/** A little of everything else that an image is: its configuration, manifest, tar headers. */
const OVERHEAD = 60_000;

/** Between two of one kind, an ordinary run plays one of them; across kinds, and what is of one kind alone, always. */
export const PLAYED = sample<EngineKind>(['docker', 'podman', 'containerd'], 1);

export function describeImages(from: EngineKind, to: EngineKind): void {
  describe(`images from ${from} to ${to}`, () => {
    let source: ImageStore;
    let target: ImageStore;
    let rig: ImageRig;

    beforeAll(async () => {
      [source, target] = await Promise.all([ImageStore.make(from), ImageStore.make(to)]);
    });
    beforeEach(async () => {
      rig = await ImageRig.make(source, target);
    });
    afterEach(async () => {
      await rig.dispose();
      await source.wipe();
      await target.wipe();
    });
    afterAll(async () => {
      await source.dispose();
      await target.dispose();
    });

    it('come over by digest under their names, leave the source as it was, and then there is nothing more to do', async () => {
      const wiki = await source.add(WIKI, ['base', 'wiki']);
      const blog = await source.add(BLOG, ['base', 'blog']);
      const before = await source.names();
      const { stats, point } = await rig.sync();
      expect(await target.userNames()).toEqual({ [WIKI]: wiki, [BLOG]: blog });
      expect(await source.names()).toEqual(before);
      expect(await readdir(join(rig.source.home, 'image-transfers/wiki'))).toEqual([]);
      expect(stats).toMatchObject({ filesChanged: 2, filesDeleted: 0, totalFiles: 2 });
      expect(await rig.verify(point)).toEqual({ differences: [], total: 0, unexplained: 0, bytes: 0 });
      const again = await rig.sync();
      expect(again.stats).toMatchObject({ filesChanged: 0, bytesChanged: 0 });
      expect(again.point.identity).toBe(point.identity);
    });

    it('bring no layer twice, and none that the target has from elsewhere', async () => {
      await target.add(OWN, ['base']);
      await source.add(WIKI, ['base', 'wiki']);
      const { stats } = await rig.sync();
      expect(stats.bytesSent).toBeLessThan(LAYER_BYTES + OVERHEAD);
      await source.add(BLOG, ['base', 'wiki', 'blog']);
      await source.add('registry.example/team/third:v1', ['base', 'wiki', 'blog', 'third']);
      const there = 'registry.example/team/there:v1';
      const id = await source.add(there, ['there']);
      await target.add('registry.example/other/there:1', ['there']);
      const second = await rig.sync();
      expect(await target.userNames()).toMatchObject({ [there]: id });
      expect(second.stats.bytesSent).toBeGreaterThan(2 * LAYER_BYTES);
      expect(second.stats.bytesSent).toBeLessThan(2 * LAYER_BYTES + 2 * OVERHEAD);
    });

    it('stay in the points that need them when the source drops them, and go with the last', async () => {
      const first = await source.add(WIKI, ['base', 'wiki']);
      await source.add(BLOG, ['base', 'blog']);
      const { point } = await rig.sync();
      await source.remove(WIKI);
      const second = await source.add(WIKI, ['base', 'wiki 2']);
      await source.remove(BLOG);
      await rig.sync();
      expect(await target.userNames()).toEqual({ [WIKI]: second });
      expect((await target.ids()).length).toBe(3);
      expect((await rig.verify(point)).unexplained).toBe(0);
      await rig.prune([point.id]);
      expect(await target.ids()).toEqual([second]);
      expect(await target.ids()).not.toContain(first);
    });

    it('that are others stay untouched, whatever comes and goes', async () => {
      const own = await target.add(OWN, ['own']);
      await source.add(WIKI, ['base', 'wiki']);
      const { point } = await rig.sync();
      await source.remove(WIKI);
      await source.add(BLOG, ['blog']);
      await rig.sync();
      await rig.prune([point.id]);
      await imageDriver.rollback(rig.target, target.volume, {
        relationship: 'wiki',
        pointId: (await rig.points()).at(-1)?.id ?? '',
      });
      expect(await target.userNames()).toMatchObject({ [OWN]: own });
    });

    it('are chosen by patterns, and by what containers use', async () => {
      const wiki = await source.add(WIKI, ['base', 'wiki']);
      await source.add(BLOG, ['base', 'blog']);
      const own = await source.add(OWN, ['base', 'own']);
      await rig.sync({ mover: { image: { names: ['registry.example/team/w*'] } } });
      expect(await target.userNames()).toEqual({ [WIKI]: wiki });
      await source.use(OWN);
      await rig.sync({ mover: { image: { used: true } } });
      expect(await target.userNames()).toEqual({ [OWN]: own });
    });

    it('are not sent again that were over when a transfer was cut off', async () => {
      await source.add(BLOG, ['base', 'blog']);
      const big = 8_000_000;
      await source.add(WIKI, ['big'], { bytes: big });
      const ending = new AbortController();
      rig.next();
      const cut = rig.attempt({
        signal: ending.signal,
        onProgress: ({ filesDone, phase }) =>
          filesDone === 1 && phase === 'transferring' && ending.abort(new Error('cut')),
      });
      await expect(cut).rejects.toThrow('cut');
      expect(await rig.points()).toEqual([]);
      expect(await target.userNames()).toEqual({});
      const { stats } = await rig.attempt();
      expect(stats.bytesChanged).toBeGreaterThan(big);
      expect(stats.bytesChanged).toBeLessThan(big + OVERHEAD);
      expect(await target.userNames()).toEqual(await source.userNames());
    });

    it('that somebody put under their names at the target are kept as a point of their own', async () => {
      await source.add(WIKI, ['base', 'wiki']);
      await rig.sync();
      const own = await target.add(OWN, ['own']);
      await target.tag(OWN, WIKI);
      expect(await imageDriver.isChanged(rig.target, target.volume, 'wiki')).toBe(true);
      const newest = (await rig.points()).at(-1);
      const told = newest ? await rig.verify(newest) : undefined;
      expect(told?.differences).toEqual([{ path: WIKI, what: ['name'], changedSince: false }]);
      await target.remove(OWN);
      await rig.sync();
      expect(await target.userNames()).toEqual(await source.userNames());
      const diverged = (await rig.points()).find((point) => point.diverged);
      await imageDriver.rollback(rig.target, target.volume, {
        relationship: 'wiki',
        pointId: diverged?.id ?? '',
      });
      expect(await target.userNames()).toEqual({ [WIKI]: own });
    });

    it('go back to a point, and into names of a drill that goes without a trace', async () => {
      const first = await source.add(WIKI, ['base', 'wiki']);
      const { point } = await rig.sync();
      await source.remove(WIKI);
      await source.add(BLOG, ['base', 'blog']);
      await rig.sync();
      const request = { relationship: 'wiki', pointId: point.id };
      const before = await target.names();
      const { path } = await imageDriver.clone(rig.target, target.volume, { ...request, cloneId: 'd1' });
      expect(await target.names()).toMatchObject({ [`${path}/${WIKI}`]: first });
      await imageDriver.removeClones(rig.target, target.volume, {
        relationship: 'wiki',
        keepCloneIds: ['d1'],
      });
      expect(await target.names()).toMatchObject({ [`${path}/${WIKI}`]: first });
      await imageDriver.removeClones(rig.target, target.volume, { relationship: 'wiki', keepCloneIds: [] });
      expect(await target.names()).toEqual(before);
      await imageDriver.rollback(rig.target, target.volume, request);
      await imageDriver.rollback(rig.target, target.volume, request);
      expect(await target.userNames()).toEqual({ [WIKI]: first });
    });
  });
}
