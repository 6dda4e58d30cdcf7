/** How a target is brought back into step that has no common state with its source any more. */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { planStream } from '../../src/model/plan-stream';
import { killAtEveryCommand, withoutProgram } from '../support/hosts/cut-host';
import { errorOfType } from '../support/expect-type';
import type { RigBench, SnapshotRig } from '../support/rigs/snapshot-rig';
import { describeFiles, makeFiles } from '../support/storage/snapshot-storage';

const LARGE = 4_000_000;
/** Each stage takes two syncs. */
const KILLED_FEWER_TIMES = 6;
const LONGEST_MS = 900_000;

/**
 * Tests within the suite of stream movers.
 * @param also declares what is tried on every kind of host only where that is asked for
 */
export function testRepairs({
  get,
  also,
  isLocal,
}: {
  get: () => RigBench;
  also: (...promise: Parameters<typeof it>) => void;
  isLocal: boolean;
}): void {
  let { storage, rig, root } = {} as RigBench;
  beforeEach(() => ({ storage, rig, root } = get()));
  const write = (content: string) => writeFile(join(root, 'file'), content);
  const readAt = async (name = 'file') =>
    readFile(join(await storage.pathOf(rig.replica.volume), name), 'utf8');
  const readPoint = async (...[point]: Parameters<SnapshotRig['pathOfPoint']>) =>
    readFile(join(await rig.pathOfPoint(point), 'file'), 'utf8');

  it('goes down the ladder where the base is gone: an older one, then what differs, and is back at increments', async () => {
    await makeFiles(root);
    await writeFile(join(root, 'large'), randomBytes(LARGE));
    await write('1');
    const sent = [await rig.sync()];
    await write('2');
    const second = await rig.sync();
    sent.push(second);
    const base = (await storage.driver.states(rig.source, rig.volume, 'wiki')).find(
      ({ identity }) => identity === second.point.identity,
    );
    if (!base) throw new Error('the base is not there');
    await storage.destroyState(rig.volume, base);
    await write('3');
    const third = await rig.sync();
    sent.push(third);
    expect(third.plan).toMatchObject({ how: 'incremental-from-older-base', into: 'side' });
    expect(await readAt()).toBe('3');
    expect((await rig.points()).map(({ id }) => id)).toEqual(sent.map(({ point }) => point.id));
    await rig.loseStates();
    await write('4');
    await rm(join(root, 'empty'));
    await writeFile(join(root, 'large'), 'in the middle', { flag: 'r+' });
    const fourth = await rig.sync();
    sent.push(fourth);
    expect(fourth.plan).toMatchObject({ how: 'delta-onto-clone', into: 'side' });
    expect(fourth.stats.bytesSent).toBeLessThan(LARGE / 4);
    expect(fourth.stats.filesDeleted).toBe(1);
    expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
    expect(await rig.divergence()).toBeUndefined();
    expect(await rig.verify(fourth.point)).toMatchObject({ total: 0, unexplained: 0 });
    const before = await describeFiles(root);
    const next = storage.deltaIsNoBase ? ['full-into-side', 'incremental'] : ['incremental', 'incremental'];
    for (const [index, how] of next.entries()) {
      await write(`${5 + index}`);
      await rig.release(`wiki-00000${4 + index}`);
      const later = await rig.sync();
      sent.push(later);
      expect(later.plan).toMatchObject({ how });
      expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
    }
    for (const [index, { point }] of sent.entries()) expect(await readPoint(point)).toBe(`${index + 1}`);
    expect(await describeFiles(await rig.pathOfPoint(fourth.point))).toBe(before);
  });

  also(
    'brings over only what differs also where names of one file became two files, and finds damage in it',
    async () => {
      await makeFiles(root);
      await rig.sync();
      await rig.loseStates();
      await rm(join(root, 'folder/second name'));
      await writeFile(join(root, 'folder/second name'), 'another file');
      const { plan, point } = await rig.sync();
      expect(plan.how).toBe('delta-onto-clone');
      expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
      await write('since');
      expect(await rig.verify(point)).toMatchObject({ unexplained: 0 });
      const later = { ...point, capturedAt: new Date(Date.now() + 3_600_000).toISOString() };
      expect((await rig.verify(later)).unexplained).toBeGreaterThan(0);
    },
  );

  also('parts names of one file that are two by now also where their contents agree', async () => {
    await makeFiles(root);
    await rig.sync();
    await rig.loseStates();
    const name = join(root, 'folder/second name');
    await copyFile(name, `${name} of its own`);
    await rename(`${name} of its own`, name);
    await chmod(name, 0o600);
    expect((await rig.sync()).plan.how).toBe('delta-onto-clone');
    expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
  });

  also('deletes no more than is allowed where only what differs is brought over', async () => {
    for (let i = 0; i < 10; i++) await writeFile(join(root, `old ${i}`), String(i));
    const first = await rig.sync();
    await rig.loseStates();
    for (let i = 0; i < 8; i++) await rm(join(root, `old ${i}`));
    const sync = rig.sync({ maxDeletes: '50%' });
    await expect(sync).rejects.toThrow(errorOfType('ApprovalRequired'));
    expect(await readAt('old 0')).toBe('0');
    expect(await rig.points()).toEqual([first.point]);
    expect((await rig.sync()).plan.how).toBe('delta-onto-clone');
    expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
  });

  also('goes on to the last rung in the same sync where no files can be compared', async () => {
    await write('1');
    const first = await rig.sync();
    await rig.loseStates();
    await write('2');
    const noRsync = withoutProgram(rig.target, 'rsync');
    const situation = await rig.look(rig.replica);
    const capture = await rig.capture(rig.nextSyncId());
    const failed = rig.send(capture, planStream(situation), { targetHost: noRsync });
    await expect(failed).rejects.toThrow(errorOfType('ToolMissing'));
    expect(await readAt()).toBe('1');
    const plan = planStream({ ...situation, withoutDelta: true });
    expect(plan).toEqual({ how: 'full-into-side', into: 'side' });
    await rig.send(capture, plan);
    const point = await rig.publish(capture, plan);
    expect(await readAt()).toBe('2');
    expect(await rig.points()).toEqual([first.point, point]);
  });

  if (!isLocal) return;
  it(
    'has a good replica wherever comparing files, and making a point of that, is killed',
    async () => {
      const makeStage = async () => {
        const target = await rig.addTarget('beta');
        await write('before');
        const { point } = await rig.sync({ target });
        await rig.loseStates();
        await write('after');
        const situation = await rig.look(target);
        const capture = await rig.capture(rig.nextSyncId());
        const plan = planStream(situation);
        expect(plan.how).toBe('delta-onto-clone');
        return { target, point, capture, plan, isSent: false };
      };
      type Stage = Awaited<ReturnType<typeof makeStage>>;
      const readReplica = async ({ target }: Stage) =>
        readFile(join(await storage.pathOf(target.volume), 'file'), 'utf8');
      const work = async (host: Host, stage: Stage) => {
        const { target, capture, plan } = stage;
        if (!stage.isSent) {
          expect(await readReplica(stage)).toBe('before');
          await rig.send(capture, plan, { target, targetHost: host });
        }
        stage.isSent = true;
        await rig.publish(capture, plan, target, host);
      };
      const check = async (stage: Stage) => {
        expect(await readReplica(stage)).toBe('after');
        const [first, second] = await rig.points(stage.target);
        expect(first).toEqual(stage.point);
        for (const [point, content] of [
          [first, 'before'],
          [second, 'after'],
        ] as const) {
          if (!point) throw new Error('there is no such point');
          const path = await rig.pathOfPoint(point, stage.target);
          expect(await readFile(join(path, 'file'), 'utf8')).toBe(content);
        }
        await rig.close(stage.target, stage.capture.syncId);
      };
      await killAtEveryCommand(rig.target, storage.isLooking, makeStage, work, check, KILLED_FEWER_TIMES);
    },
    LONGEST_MS,
  );
}
