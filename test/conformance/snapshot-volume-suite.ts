/**
 * The promises of volumes whose storage freezes by snapshots of its own, and names states by identity. Their replicas
 * are written to by streams alone: see `stream-mover-suite.ts`.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import type { Volume } from '../../src/model/records';
import type { PointStamp } from '../../src/volumes/contract';
import { killAtEveryCommand } from '../support/hosts/cut-host';
import { describeFiles, makeFiles, type SnapshotStorage } from '../support/storage/snapshot-storage';
import { connectHere, makeStamp, SOURCE, type Stage, TARGET } from './volume-fixture';
import { describeLooks } from './snapshot-look-suite';
import { describeClaims } from './volume-suite';
import { pointPath } from '../support/trees/point-path';

const RELATIONSHIP = 'wiki';

/** @param connect to the host that holds the volumes; only this machine is killed at every command. */
export function describeSnapshotVolume(
  title: string,
  makeStorage: () => Promise<SnapshotStorage>,
  connect: (home: string) => Promise<Host> = connectHere,
): void {
  const storage = {} as SnapshotStorage;
  const stage = {} as Stage;
  let root: string;

  describe(title, () => {
    beforeAll(async () => void Object.assign(storage, await makeStorage()));
    afterAll(() => storage.dispose());
    beforeEach(async () => {
      stage.host = await connect(await mkdtemp(join(tmpdir(), 'tidemark-home-')));
      stage.volume = await storage.makeVolume();
      root = await storage.pathOf(stage.volume);
    });
    afterEach(async () => {
      const { host, volume } = stage;
      await storage.driver.removeClones(host, volume, { relationship: RELATIONSHIP, keepCloneIds: [] });
    });

    it('offers snapshots alone, and says why it does not offer the rest', async () => {
      const inspection = await storage.driver.inspect(stage.host, stage.volume);
      expect(inspection).toMatchObject({
        exists: true,
        empty: true,
        capture: ['Snapshot'],
        points: ['Snapshot'],
      });
      expect(inspection.freeBytes).toBeGreaterThan(0);
      expect(Object.keys(inspection.whyNot).sort()).toEqual(['Clone', 'Direct', 'HardLink']);
      await writeFile(join(root, 'file'), 'x');
      expect(await storage.driver.inspect(stage.host, stage.volume)).toMatchObject({ empty: false });
      const none = await storage.nameVolume();
      expect(await storage.driver.inspect(stage.host, none)).toMatchObject({ exists: false, empty: true });
    });

    describeClaims(
      new Proxy({} as SnapshotStorage['driver'], {
        get: (_, key) => Reflect.get(storage.driver, key) as unknown,
      }),
      stage,
    );

    it('can be claimed as a target before it is there, and is missed as a source', async () => {
      const none = await storage.nameVolume();
      await storage.driver.claim(stage.host, none, TARGET);
      await storage.driver.claim(stage.host, none, TARGET);
      await expect(
        storage.driver.check(stage.host, none, { ...TARGET, relationship: 'other' }),
      ).rejects.toMatchObject({
        type: 'Fenced',
      });
      expect(await storage.driver.points(stage.host, none, RELATIONSHIP)).toEqual([]);
      expect(await storage.driver.isChanged(stage.host, none, RELATIONSHIP)).toBe(false);
      const other = await storage.nameVolume();
      await expect(storage.driver.check(stage.host, other, SOURCE)).rejects.toMatchObject({
        type: 'VolumeMissing',
      });
    });

    describe('captures', () => {
      const take = (syncId: string) =>
        storage.driver.capture(stage.host, stage.volume, {
          relationship: RELATIONSHIP,
          syncId,
          method: 'Snapshot',
          mover: storage.spec,
        });
      const release = (...keepSyncIds: string[]) =>
        storage.driver.release(stage.host, stage.volume, { relationship: RELATIONSHIP, keepSyncIds });
      const states = () => storage.driver.states(stage.host, stage.volume, RELATIONSHIP);

      beforeEach(() => storage.driver.claim(stage.host, stage.volume, SOURCE));

      it('are frozen once for a sync, and known by identity', async () => {
        await writeFile(join(root, 'file'), 'x');
        const captured = await take('wiki-000001');
        await writeFile(join(root, 'file'), 'changed');
        expect(await take('wiki-000001')).toEqual(captured);
        expect(captured).toMatchObject({ method: 'Snapshot', live: false });
        const found = await states();
        expect(found.map(({ identity, ours }) => ({ identity, ours }))).toEqual([
          { identity: captured.identity, ours: true },
        ]);
        expect(new Date(found[0]?.createdAt ?? 0).getTime()).toBeGreaterThan(Date.now() - 600_000);
      });

      it('are let go of but for those to keep, and what others froze is never touched', async () => {
        await storage.snapshot(stage.volume, 'monday');
        await writeFile(join(root, 'file'), '1');
        await take('wiki-000001');
        const kept = await take('wiki-000002');
        await storage.driver.capture(stage.host, stage.volume, {
          ...{ relationship: 'wiki-2', syncId: 'wiki-2-000001', method: 'Snapshot', mover: storage.spec },
        });
        for (const _again of [1, 2]) await release('wiki-000002');
        const left = (await states()).filter(({ kind }) => kind === 'snapshot');
        // What another relationship froze may count as ours or not: it stays.
        expect(left.map(({ ours }) => ours).slice(0, 2)).toEqual([false, true]);
        expect(left).toHaveLength(3);
        expect(left[1]?.identity).toBe(kept.identity);
        await release();
        const others = (await states()).filter(({ kind }) => kind === 'snapshot');
        expect(others.map(({ ours }) => ours).slice(0, 1)).toEqual([false]);
        expect(others).toHaveLength(2);
        expect(await storage.snapshots(stage.volume)).toContain('monday');
      });

      it('refuse a method that is none of theirs', async () => {
        const request = { relationship: RELATIONSHIP, syncId: 'wiki-000001', mover: storage.spec };
        const taken = storage.driver.capture(stage.host, stage.volume, { ...request, method: 'Direct' });
        await expect(taken).rejects.toMatchObject({ type: 'UnsupportedCapture' });
      });
    });

    it('tells whether somebody changed it since it was frozen', async () => {
      const changed = () => storage.driver.isChanged(stage.host, stage.volume, RELATIONSHIP);
      expect(await changed()).toBe(false);
      await writeFile(join(root, 'file'), 'x');
      expect(await changed()).toBe(true);
      await storage.snapshot(stage.volume, 'monday');
      expect(await changed()).toBe(false);
      await writeFile(join(root, 'file'), 'y');
      expect(await changed()).toBe(true);
    });

    describe('points', () => {
      const publish = (sequence: number, changes: Partial<PointStamp> = {}, host = stage.host) =>
        storage.driver.publish(host, stage.volume, {
          ...{
            relationship: RELATIONSHIP,
            stamp: makeStamp(sequence, changes),
            method: 'Snapshot',
          },
        });
      const list = () => storage.driver.points(stage.host, stage.volume, RELATIONSHIP);
      const pathOf = (pointId: string) =>
        pointPath(storage.driver, stage.host, stage.volume, RELATIONSHIP, pointId);
      const prune = (...removePointIds: string[]) =>
        storage.driver.prune(stage.host, stage.volume, { relationship: RELATIONSHIP, removePointIds });
      const rollback = (pointId: string, host = stage.host, volume = stage.volume) =>
        storage.driver.rollback(host, volume, { relationship: RELATIONSHIP, pointId });
      const read = async (name = 'file') => readFile(join(await storage.pathOf(stage.volume), name), 'utf8');

      /** Points of the contents 1, 2 and 3. */
      async function makePoints(volume: Volume = stage.volume, count = 3): Promise<string[]> {
        const ids: string[] = [];
        const path = await storage.pathOf(volume);
        for (let sequence = 1; sequence <= count; sequence++) {
          await writeFile(join(path, 'file'), String(sequence));
          const stamp = makeStamp(sequence);
          const request = {
            relationship: RELATIONSHIP,
            stamp,
            method: 'Snapshot',
          } as const;
          ids.push((await storage.driver.publish(stage.host, volume, request)).id);
        }
        return ids;
      }

      describeLooks(storage, stage);

      it('hold everything, and no write to the replica ever reaches them', async () => {
        await makeFiles(root);
        const first = await publish(1);
        const path = await pathOf(first.id);
        const before = await describeFiles(root);
        expect(await describeFiles(path)).toEqual(before);
        await writeFile(join(root, 'content'), 'changed');
        const second = await publish(2);
        expect(second.identity).not.toBe(first.identity);
        expect(await describeFiles(await pathOf(second.id))).toEqual(await describeFiles(root));
        expect(await describeFiles(path)).toEqual(before);
        await expect(writeFile(join(path, 'content'), 'x')).rejects.toThrow('EROFS');
      });

      it('are answered again where one is published twice, with all that they were stamped with', async () => {
        await writeFile(join(root, 'file'), 'first');
        const leftOut = [{ reason: 'mount' as const, count: 2, examples: ['a', 'b'] }];
        const point = await publish(1, { diverged: true, leftOut });
        await writeFile(join(root, 'file'), 'second');
        expect(await publish(1)).toEqual(point);
        const stamped = { id: 'point-000001', syncId: 'wiki-000001', diverged: true, leftOut };
        expect(point).toMatchObject({ ...stamped, method: 'Snapshot' });
        expect(await list()).toEqual([point]);
        await storage.driver.markVerified(
          stage.host,
          stage.volume,
          RELATIONSHIP,
          point.id,
          '2026-11-21T09:00:00.000Z',
        );
        expect(await list()).toEqual([{ ...point, verifiedAt: '2026-11-21T09:00:00.000Z' }]);
      });

      it('are pruned but for the newest, and what others froze is never touched', async () => {
        await storage.snapshot(stage.volume, 'monday');
        const [one = '', two = '', three = ''] = await makePoints();
        await pathOf(one);
        await prune(one, three, 'never-was');
        expect((await list()).map(({ id }) => id)).toEqual([two, three]);
        await prune(one, two);
        expect((await list()).map(({ id }) => id)).toEqual([three]);
        expect(await storage.snapshots(stage.volume)).toContain('monday');
        await expect(pathOf(one)).rejects.toMatchObject({ type: 'PointMissing' });
      });

      it('are gone back to, where somebody changed the replica', async () => {
        const [, , three = ''] = await makePoints();
        await writeFile(join(root, 'file'), 'by accident');
        await writeFile(join(root, 'more'), 'x');
        for (const _again of [1, 2]) await rollback(three);
        expect(await read()).toBe('3');
        await expect(read('more')).rejects.toThrow('ENOENT');
      });

      it('are gone back to, and the newer ones stay', async () => {
        const ids = await makePoints();
        await storage.driver.claim(stage.host, stage.volume, TARGET);
        await storage.snapshot(stage.volume, 'tuesday');
        const [one = '', , three = ''] = ids;
        for (const _again of [1, 2]) await rollback(one);
        expect(await read()).toBe('1');
        expect((await list()).map(({ id }) => id)).toEqual(ids);
        expect(await readFile(join(await pathOf(three), 'file'), 'utf8')).toBe('3');
        expect((await storage.driver.inspect(stage.host, stage.volume)).claim).toEqual(TARGET);
        await rollback(three);
        expect(await read()).toBe('3');
        expect((await list()).map(({ id }) => id)).toEqual(ids);
        await prune();
        expect((await list()).map(({ id }) => id)).toEqual(ids);
      });

      it('are cloned to write to, and stay as they are', async () => {
        const [one = '', two = ''] = await makePoints();
        const request = { relationship: RELATIONSHIP, pointId: two, cloneId: 'drill-1' };
        const clone = await storage.driver.clone(stage.host, stage.volume, request);
        expect(clone.how).toBe('Snapshot');
        await writeFile(join(clone.path, 'file'), 'by the drill');
        expect(await storage.driver.clone(stage.host, stage.volume, request)).toEqual(clone);
        expect(await readFile(join(clone.path, 'file'), 'utf8')).toBe('by the drill');
        expect(await readFile(join(await pathOf(two), 'file'), 'utf8')).toBe('2');
        expect(await read()).toBe('3');
        await prune(one, two);
        const removed = { relationship: RELATIONSHIP, keepCloneIds: [] };
        for (const _again of [1, 2]) await storage.driver.removeClones(stage.host, stage.volume, removed);
        await expect(readFile(join(clone.path, 'file'))).rejects.toThrow('ENOENT');
        await prune(one, two);
        expect((await list()).length).toBe(1);
      });

      if (connect !== connectHere) return;
      it('are whole, and none is lost, wherever going back is killed', async () => {
        const makeStage = async () => {
          const volume = await storage.makeVolume();
          const ids = await makePoints(volume, 2);
          await storage.driver.claim(stage.host, volume, TARGET);
          return { volume, ids };
        };
        const work = (host: Host, { volume, ids }: { volume: Volume; ids: string[] }) =>
          rollback(ids[0] ?? '', host, volume);
        const commands = await killAtEveryCommand(
          stage.host,
          storage.isLooking,
          makeStage,
          work,
          async ({ volume, ids }) => {
            expect(await readFile(join(await storage.pathOf(volume), 'file'), 'utf8')).toBe('1');
            const found = await storage.driver.points(stage.host, volume, RELATIONSHIP);
            expect(found.map(({ id }) => id)).toEqual(ids);
            expect((await storage.driver.inspect(stage.host, volume)).claim).toEqual(TARGET);
          },
        );
        expect(commands).toBeGreaterThan(3);
      });

      it('are whole wherever pruning is killed', async () => {
        const makeStage = async () => {
          const volume = await storage.makeVolume();
          return { volume, ids: await makePoints(volume, 2) };
        };
        const work = (host: Host, { volume, ids }: { volume: Volume; ids: string[] }) =>
          storage.driver.prune(host, volume, { relationship: RELATIONSHIP, removePointIds: ids.slice(0, 1) });
        await killAtEveryCommand(stage.host, storage.isLooking, makeStage, work, async ({ volume, ids }) => {
          const found = await storage.driver.points(stage.host, volume, RELATIONSHIP);
          expect(found.map(({ id }) => id)).toEqual(ids.slice(1));
        });
      });
    });

    describe('the primary', () => {
      const DEMOTED = { ...TARGET, epoch: 2 };
      const PROMOTED = { ...SOURCE, epoch: 2 };
      const write = () => writeFile(join(root, 'written'), 'x');

      it('is given up, which can be repeated, and refuses what is over', async () => {
        const { driver } = storage;
        const { host, volume } = stage;
        await write();
        await driver.claim(host, volume, SOURCE);
        for (const _again of [1, 2])
          expect(await driver.demote(host, volume, DEMOTED)).toEqual({ readOnly: true });
        expect((await driver.inspect(host, volume)).claim).toEqual(DEMOTED);
        await expect(write()).rejects.toThrow('EROFS');
        const stamp = makeStamp(1, { diverged: true });
        const kept = await driver.publish(host, volume, {
          ...{ relationship: RELATIONSHIP, stamp, method: 'Snapshot' },
        });
        expect(kept).toMatchObject({ diverged: true });
        for (const refused of [
          driver.check(host, volume, SOURCE),
          driver.claim(host, volume, SOURCE),
          driver.promote(host, volume, SOURCE),
          driver.demote(host, volume, TARGET),
          driver.promote(host, volume, PROMOTED),
        ]) {
          await expect(refused).rejects.toMatchObject({ type: 'Fenced' });
        }
      });

      it('is taken over by a target, which nobody can write to before', async () => {
        const { driver } = storage;
        const { host, volume } = stage;
        await driver.claim(host, volume, TARGET);
        await expect(write()).rejects.toThrow('EROFS');
        for (const _again of [1, 2]) await driver.promote(host, volume, PROMOTED);
        await write();
        expect((await driver.inspect(host, volume)).claim).toEqual(PROMOTED);
        await expect(driver.check(host, volume, TARGET)).rejects.toMatchObject({ type: 'Fenced' });
        await expect(driver.demote(host, volume, DEMOTED)).rejects.toMatchObject({ type: 'Fenced' });
      });

      it.each([
        [
          'claimed as a source',
          () => storage.driver.claim(stage.host, stage.volume, { ...SOURCE, epoch: 3 }),
        ],
        ['promoted', () => storage.driver.promote(stage.host, stage.volume, { ...SOURCE, epoch: 3 })],
        ['forgotten', () => storage.driver.disclaim(stage.host, stage.volume, RELATIONSHIP)],
      ])('can be written to again once it was demoted and is %s', async (_, end) => {
        await storage.driver.claim(stage.host, stage.volume, SOURCE);
        await storage.driver.demote(stage.host, stage.volume, DEMOTED);
        await end();
        await write();
      });

      it('is neither promoted nor demoted where it is missing, and is not made', async () => {
        const none = await storage.nameVolume();
        const missing = { type: 'VolumeMissing' };
        await expect(storage.driver.promote(stage.host, none, PROMOTED)).rejects.toMatchObject(missing);
        await expect(storage.driver.demote(stage.host, none, DEMOTED)).rejects.toMatchObject(missing);
        expect(await storage.driver.inspect(stage.host, none)).toMatchObject({ exists: false });
      });
    });

    it('leaves no file of its own in the volume', async () => {
      await writeFile(join(root, 'file'), 'x');
      const before = await describeFiles(root);
      await storage.driver.claim(stage.host, stage.volume, SOURCE);
      expect(await describeFiles(root)).toEqual(before);
    });
  });
}
