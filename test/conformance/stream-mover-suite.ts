/** The promises of movers that send from a base that both sides hold by identity, with the driver of their kind. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import type { HeldState } from '../../src/model/records';
import { planStream } from '../../src/model/plan-stream';
import { killAtEveryCommand } from '../support/hosts/cut-host';
import { errorOfType } from '../support/expect-type';
import { findProcesses } from '../support/hosts/find-processes';
import { makeLocalHosts, type MakeHosts } from '../support/rigs/mover-rig';
import { describeFiles, makeFiles, type SnapshotStorage } from '../support/storage/snapshot-storage';
import { makeRigForEach, SnapshotRig, type StreamTarget } from '../support/rigs/snapshot-rig';
import { sample } from '../support/sample';
import { testRepairs } from './stream-repair-suite';
import { declarationOf } from '../../src/model/kinds';

const LARGE = 4_000_000;
/** Of tests that do one thing again and again. */
const LONGEST_MS = 900_000;

/**
 * @param makeHosts between which hosts. Between others than this machine's own, every command takes longer: there the
 * promises that a host has a part in are tried, and all with `TIDEMARK_SSH_SUITES=all`.
 */
export function testStreamMover(
  title: string,
  makeStorage: () => Promise<SnapshotStorage>,
  makeHosts: MakeHosts = makeLocalHosts,
): void {
  const isLocal = makeHosts === makeLocalHosts;
  const isWhole = isLocal || process.env.TIDEMARK_SSH_SUITES === 'all';
  const also = (...promise: Parameters<typeof it>) => {
    if (isWhole) it(...promise);
  };

  describe(title, () => {
    let storage: SnapshotStorage;
    let rig: SnapshotRig;
    let root: string;
    const write = (content: string) => writeFile(join(root, 'file'), content);
    const readAt = async ({ volume }: StreamTarget, name = 'file') =>
      readFile(join(await storage.pathOf(volume), name), 'utf8');
    const readPoint = async (...[point, target]: Parameters<SnapshotRig['pathOfPoint']>) =>
      readFile(join(await rig.pathOfPoint(point, target), 'file'), 'utf8');
    const statesAt = (target = rig.replica): Promise<HeldState[]> =>
      storage.driver.states(rig.target, target.volume, 'wiki');

    makeRigForEach(makeStorage, (bench) => ({ storage, rig, root } = bench), makeHosts);

    it('brings over everything, and then what changed since, from the newest state that both hold', async () => {
      await makeFiles(root);
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      const first = await rig.sync();
      expect(first.plan).toMatchObject({ how: 'full' });
      expect(first.stats.bytesSent).toBeGreaterThan(300_000);
      expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
      await write('2');
      const second = await rig.sync();
      expect(second.plan).toMatchObject({ how: 'incremental', into: 'replica' });
      expect(second.stats.bytesSent).toBeLessThan(300_000);
      expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
      expect(await rig.points()).toEqual([first.point, second.point]);
      expect(await rig.divergence()).toBeUndefined();
    });

    also('reports progress that begins with scanning', async () => {
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      const phases: string[] = [];
      await rig.sync({ onProgress: ({ phase }) => phases.push(phase) });
      expect(phases[0]).toBe('scanning');
    });

    also('leaves what users froze where it is, and never destroys it', async () => {
      await rig.sync();
      await storage.snapshot(rig.volume, 'monday');
      await write('2');
      await rig.sync();
      await rig.release('wiki-000002');
      expect(await storage.snapshots(rig.volume)).toContain('monday');
      expect(await storage.snapshots(rig.replica.volume)).not.toContain('monday');
    });

    also('carries what users froze in between, where that is wanted, and never destroys it', async () => {
      const spec = storage.intermediates;
      if (!spec) return;
      await rig.sync();
      await storage.snapshot(rig.volume, 'monday');
      await write('2');
      await rig.sync({ spec });
      expect(await storage.snapshots(rig.replica.volume)).toContain('monday');
      expect(await rig.divergence()).toBeUndefined();
      await write('3');
      expect((await rig.sync({ spec })).plan).toMatchObject({ how: 'incremental', into: 'replica' });
      expect(await storage.snapshots(rig.replica.volume)).toContain('monday');
    });

    it('goes on from a base that another tool brought over, and sends nothing again', async () => {
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      await storage.snapshot(rig.volume, 'sent');
      const [sent] = await storage.driver.states(rig.source, rig.volume, 'wiki');
      if (!sent) throw new Error('nothing was frozen');
      await storage.copyByHand(rig.volume, sent, rig.replica.volume);
      await write('2');
      const { plan, stats, point } = await rig.sync();
      expect(plan).toMatchObject({ how: 'incremental', into: 'replica', base: { identity: sent.identity } });
      expect(stats.bytesSent).toBeLessThan(LARGE / 4);
      expect(await readAt(rig.replica)).toBe('2');
      expect(await rig.points()).toEqual([point]);
    });

    it('sees that somebody changed the target, and never rolls it back unasked', async () => {
      await write('1');
      const first = await rig.sync();
      const path = await storage.pathOf(rig.replica.volume);
      const situation = await rig.look(rig.replica);
      await storage.force(rig.replica.volume, () => writeFile(join(path, 'file'), 'by hand'));
      expect(await rig.divergence()).toMatchObject({ changed: true });
      const capture = await rig.capture(rig.nextSyncId());
      // As planned before the change.
      await expect(rig.send(capture, planStream(situation))).rejects.toThrow(errorOfType('Diverged'));
      expect(await readAt(rig.replica)).toBe('by hand');
      expect(await rig.points()).toEqual([first.point]);
    });

    it('sees that somebody changed what another tool brought over, and never replaces that unasked', async () => {
      await write('1');
      await storage.snapshot(rig.volume, 'sent');
      const [sent] = await storage.driver.states(rig.source, rig.volume, 'wiki');
      if (!sent) throw new Error('nothing was frozen');
      await storage.copyByHand(rig.volume, sent, rig.replica.volume);
      expect(await rig.divergence()).toBeUndefined();
      const path = await storage.pathOf(rig.replica.volume);
      await storage.force(rig.replica.volume, () => writeFile(join(path, 'file'), 'by hand'));
      expect(await rig.divergence()).toMatchObject({ changed: true });
      expect(planStream(await rig.look(rig.replica))).toMatchObject({ into: 'side' });
    });

    it('goes on with its own copy once both sides were let go of, and sees what was written to it then', async () => {
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      await write('1');
      const first = await rig.sync();
      await rig.release();
      const letGo = () => storage.driver.disclaim(rig.target, rig.replica.volume, 'wiki', 'alpha:there');
      await storage.driver.disclaim(rig.source, rig.volume, 'wiki');
      await letGo();
      expect(await storage.driver.inspect(rig.target, rig.replica.volume)).toMatchObject({
        released: { relationship: 'wiki', copyOf: 'alpha:there' },
      });
      await storage.driver.claim(rig.source, rig.volume, { relationship: 'wiki', epoch: 1, role: 'source' });
      expect(await rig.divergence()).toBeUndefined();
      await write('2');
      const second = await rig.sync();
      expect(second.plan.how).not.toMatch(/^full/);
      expect(second.stats.bytesSent).toBeLessThan(LARGE / 4);
      expect(await rig.points()).toEqual([first.point, second.point]);
      await letGo();
      await writeFile(join(await storage.pathOf(rig.replica.volume), 'file'), 'by its owner');
      expect(await rig.divergence()).toMatchObject({ changed: true });
    });

    also('puts aside what somebody made of the target, once that was approved, and keeps it', async () => {
      await write('1');
      const first = await rig.sync();
      const path = await storage.pathOf(rig.replica.volume);
      await storage.force(rig.replica.volume, () => writeFile(join(path, 'file'), 'by hand'));
      await storage.snapshot(rig.replica.volume, 'precious');
      expect(await rig.divergence()).toMatchObject({ changed: storage.keepsApart === true });
      const inTheWay = storage.keepsApart ? 0 : 1;
      expect((await rig.divergence())?.foreign.map(({ name }) => name)).toHaveLength(inTheWay);
      await write('2');
      const { plan, point } = await rig.sync();
      expect(plan).toMatchObject({ how: 'incremental-from-older-base', into: 'side' });
      expect(await readAt(rig.replica)).toBe('2');
      expect(await rig.points()).toEqual([first.point, point]);
      await write('3');
      expect((await rig.sync()).plan).toMatchObject({ how: 'incremental', into: 'replica' });
      expect(await readPoint(first.point)).toBe('1');
    });

    also('says that the base is lost where it went after the plan was made', async () => {
      await write('1');
      await rig.sync();
      const situation = await rig.look(rig.replica);
      const [base] = situation.source;
      const capture = await rig.capture(rig.nextSyncId());
      if (!base) throw new Error('nothing was frozen');
      await storage.destroyState(rig.volume, base);
      await expect(rig.send(capture, planStream(situation))).rejects.toThrow(errorOfType('BaseLost'));
      expect(await readAt(rig.replica)).toBe('1');
    });

    it('gives two targets fates of their own: one that fails in the middle is not sent everything again', async () => {
      const other = await rig.addTarget('gamma');
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      await rig.sync();
      await rig.sync({ target: other });
      await rig.release('wiki-000001', 'wiki-000002');
      await write('2');
      // One sync of both, and the second is cut off.
      const syncId = rig.nextSyncId();
      const situations = [await rig.look(rig.replica), await rig.look(other)] as const;
      const capture = await rig.capture(syncId);
      const plan = planStream(situations[0]);
      await rig.send(capture, plan);
      await rig.publish(capture, plan);
      const gone = { changeLanding: (landing: { port: number }) => ({ ...landing, port: 1 }) as never };
      const failed = rig.send(capture, planStream(situations[1]), { ...gone, target: other });
      await expect(failed).rejects.toThrow(errorOfType('HostUnreachable'));
      await rig.close(other, syncId);
      await rig.release(syncId, 'wiki-000002');
      await write('3');
      for (const target of [rig.replica, other]) {
        const { plan: next, stats } = await rig.sync({ target });
        expect(next).toMatchObject({ how: 'incremental', into: 'replica' });
        expect(stats.bytesSent).toBeLessThan(LARGE / 4);
        expect(await readAt(target)).toBe('3');
        await rig.release(syncId, 'wiki-000002', 'wiki-000004', 'wiki-000005');
      }
    });

    it('stops with the reason when aborted, leaves no process, and goes on later', async () => {
      await rig.sync();
      await writeFile(join(root, 'large'), Buffer.alloc(8 * LARGE, 'y'));
      const reason = new Error('enough');
      const ending = new AbortController();
      const sync = rig.sync({ signal: ending.signal, onProgress: () => ending.abort(reason) });
      await expect(sync).rejects.toBe(reason);
      expect(await findProcesses(rig.folder, 'tidemark-landing')).toEqual([]);
      expect((await rig.sync()).plan.how).toBe('incremental');
      expect(await describeFiles(await storage.pathOf(rig.replica.volume))).toBe(await describeFiles(root));
    });

    also('does nothing again where everything had arrived, and only nobody heard of it', async () => {
      await write('1');
      await rig.sync();
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'z'));
      const situation = await rig.look(rig.replica);
      const capture = await rig.capture(rig.nextSyncId());
      const plan = planStream(situation);
      await rig.send(capture, plan);
      await rig.send(capture, plan);
      const point = await rig.publish(capture, plan);
      expect(point.identity).toBe(capture.identity);
      expect((await rig.points()).length).toBe(2);
    });

    also('refuses to talk to a host with another key, and to one that nothing listens at', async () => {
      const other = await SnapshotRig.make(storage, makeHosts);
      try {
        const changeLanding = (landing: { port: number }) =>
          ({ ...landing, port: other.service.port }) as never;
        await expect(rig.sync({ changeLanding })).rejects.toThrow(errorOfType('HostKeyMismatch'));
        const nobody = { changeLanding: (landing: { port: number }) => ({ ...landing, port: 1 }) as never };
        await expect(rig.sync(nobody)).rejects.toThrow(errorOfType('HostUnreachable'));
      } finally {
        await other.dispose();
      }
    });

    it('proves a point to be a state of the source, and tells what the source changed since', async () => {
      await writeFile(join(root, 'large'), Buffer.alloc(LARGE, 'x'));
      const { point } = await rig.sync();
      expect(await rig.verify(point)).toMatchObject({ total: 0, unexplained: 0 });
      await write('changed');
      const later = await rig.verify(point);
      expect(later.unexplained).toBe(0);
      expect(later.total).toBeGreaterThan(0);
      expect((await rig.verify(point, { quick: true })).bytes).toBeGreaterThan(0);
      // Where trees are compared, they speak for themselves.
      if (declarationOf(storage.driver.kind).hasTrees) return;
      const forged = { ...point, identity: '12345' };
      expect((await rig.verify(forged)).unexplained).toBeGreaterThan(0);
      await expect(rig.verify(forged, { quick: true })).rejects.toThrow(errorOfType('BaseLost'));
    });

    also('finds damage at the target', async () => {
      if (!storage.damage) return;
      const secret = `damage here ${rig.volume.path} `.repeat(20);
      await writeFile(join(root, 'large'), secret.repeat(2000));
      const { point } = await rig.sync();
      expect((await rig.verify(point)).unexplained).toBe(0);
      await storage.damage(secret.slice(0, 300));
      expect((await rig.verify(point)).unexplained).toBeGreaterThan(0);
    });

    testRepairs({ get: () => ({ storage, rig, root }), also, isLocal });

    /** A target that holds what another tool brought, and a capture that goes on from there; perhaps beside it. */
    async function makeStage(into: 'replica' | 'side') {
      const target = await rig.addTarget('beta');
      await write('before');
      const name = `by-hand-${++count}`;
      await storage.snapshot(rig.volume, name);
      const base = (await storage.driver.states(rig.source, rig.volume, 'wiki')).at(-1);
      if (!base) throw new Error('nothing was frozen');
      await storage.copyByHand(rig.volume, base, target.volume);
      if (into === 'side') {
        const path = await storage.pathOf(target.volume);
        await storage.force(target.volume, () => writeFile(join(path, 'file'), 'by hand'));
      }
      await write('after');
      const situation = await rig.look(target);
      const capture = await rig.capture(rig.nextSyncId());
      const plan = planStream(situation);
      expect(plan).toMatchObject({ into, base: { identity: base.identity } });
      return { target, base, capture, plan };
    }
    type Staged = Awaited<ReturnType<typeof makeStage>>;
    let count = 0;

    const checkWhole = async ({ target, base, capture }: Staged) => {
      expect(await readAt(target)).toBe('after');
      expect((await rig.points(target)).map(({ identity }) => identity)).toEqual([capture.identity]);
      const held = (await statesAt(target)).map(({ identity }) => identity);
      expect(held).toEqual(expect.arrayContaining([base.identity, capture.identity]));
      await rig.close(target, capture.syncId);
    };

    if (!isLocal) return;
    it.each(sample(['replica', 'side'] as const, 1))(
      'keeps the base and the last good replica wherever a stream onto the %s is killed',
      async (into) => {
        const send = (host: Host, { target, capture, plan }: Staged) =>
          rig.send(capture, plan, { target, targetHost: host });
        await killAtEveryCommand(
          rig.target,
          storage.isLooking,
          () => makeStage(into),
          send,
          async (staged) => {
            const untilPublished = storage.keepsApart ? 'before' : 'after';
            expect(await readAt(staged.target)).toBe(into === 'side' ? 'by hand' : untilPublished);
            await rig.publish(staged.capture, staged.plan, staged.target);
            await checkWhole(staged);
          },
        );
      },
      LONGEST_MS,
    );

    it.each(sample(['replica', 'side'] as const, 1))(
      'has a whole replica wherever making a point of what came onto the %s is killed',
      async (into) => {
        const makeSent = async () => {
          const staged = await makeStage(into);
          await rig.send(staged.capture, staged.plan, staged);
          await rig.close(staged.target, staged.capture.syncId);
          return staged;
        };
        const publish = (host: Host, { target, capture, plan }: Staged) =>
          rig.publish(capture, plan, target, host);
        await killAtEveryCommand(rig.target, storage.isLooking, makeSent, publish, checkWhole);
      },
      LONGEST_MS,
    );
  });
}
