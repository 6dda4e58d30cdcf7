/** What the block mover promises, between devices and image files, over real landings. */
import { truncateSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Volume } from '../../src/model/records';
import { errorOfType } from '../support/expect-type';
import { findProcesses } from '../support/hosts/find-processes';
import { BlockRig, blockSpec } from '../support/rigs/block-rig';
import { BlockStorage, MiB } from '../support/storage/block-storage';

const SIZE = 48 * MiB;

let storage: BlockStorage;
let rig: BlockRig | undefined;

beforeAll(async () => {
  storage = await BlockStorage.make();
});
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
  await storage.detachAll();
});
afterAll(() => storage.dispose());

async function start(source: Volume, target: Volume): Promise<BlockRig> {
  rig = await BlockRig.start({ source, target });
  return rig;
}

async function expectEqual(one: Volume, other: Volume, bytes = SIZE): Promise<void> {
  expect(await BlockStorage.sum(other.path, bytes)).toBe(await BlockStorage.sum(one.path, bytes));
}

const make = {
  'an image file': (bytes = SIZE): Promise<Volume> => storage.image(bytes),
  'a device': (bytes = SIZE): Promise<Volume> => storage.device(bytes),
  'nothing yet': async (): Promise<Volume> => ({ kind: 'block', path: await storage.path() }),
};

describe.each(['an image file', 'a device'] as const)('the block mover, from %s', (from) => {
  it.each(['an image file', 'a device', 'nothing yet'] as const)(
    'to %s: brings everything over, then only what differs, and finds nothing more to do',
    async (to) => {
      const [source, target] = [await make[from](), await make[to]()];
      await BlockStorage.scribble(source.path, 0, 20);
      const { sync, verify } = bind(await start(source, target));
      const first = await sync();
      expect(first.stats).toMatchObject({ filesChanged: 1, totalBytes: SIZE, totalFiles: 1 });
      await expectEqual(source, target);
      expect(await sync()).toMatchObject({ stats: { filesChanged: 0, bytesChanged: 0 } });
      await BlockStorage.scribble(source.path, 30, 1);
      const { stats, point } = await sync();
      expect(stats.bytesChanged).toBe(MiB);
      await expectEqual(source, target);
      expect(await verify(point)).toEqual({ differences: [], total: 0, unexplained: 0, bytes: 0 });
    },
  );
});

const bind = (on: BlockRig) => ({ sync: on.sync.bind(on), verify: on.verify.bind(on) });

describe('the block mover', () => {
  it('replaces what a target held, to the last byte, and blocks of zeros too', async () => {
    const [source, target] = [await storage.image(SIZE), await storage.device(SIZE)];
    await BlockStorage.scribble(source.path, 3, 2);
    await BlockStorage.scribble(target.path, 0, 48);
    await (await start(source, target)).sync();
    await expectEqual(source, target);
  });

  it('keeps holes at an image file, and makes them where the source became zeros', async () => {
    const [source, target] = [await storage.device(SIZE), await make['nothing yet']()];
    await BlockStorage.scribble(source.path, 0, 4);
    await BlockStorage.scribble(source.path, 40, 4);
    const { sync } = bind(await start(source, target));
    await sync();
    expect((await stat(target.path)).size).toBe(SIZE);
    expect(await BlockStorage.allocated(target.path)).toBeLessThan(10 * MiB);
    await BlockStorage.zero(source.path, 40, 4);
    await sync();
    await expectEqual(source, target);
    expect(await BlockStorage.allocated(target.path)).toBeLessThan(6 * MiB);
  });

  it('makes an image file exactly as long as its source, also where that became shorter', async () => {
    const [source, target] = [await storage.image(SIZE), await storage.image(2 * SIZE)];
    await BlockStorage.scribble(source.path, 0, 4);
    await BlockStorage.scribble(target.path, 90, 4);
    await (await start(source, target)).sync();
    expect((await stat(target.path)).size).toBe(SIZE);
    await expectEqual(source, target);
  });

  it('writes only as much of a longer device as its source is long', async () => {
    const [source, target] = [await storage.device(SIZE), await storage.device(2 * SIZE)];
    await BlockStorage.scribble(source.path, 0, 4);
    await BlockStorage.scribble(target.path, 48, 48);
    const behind = () => BlockStorage.sum(target.path, SIZE, SIZE);
    const before = await behind();
    const { sync, verify } = bind(await start(source, target));
    const { point } = await sync();
    await expectEqual(source, target);
    expect(await behind()).toBe(before);
    expect(await verify(point)).toMatchObject({ total: 0 });
  });

  it('refuses a device that is too small, with both sizes, and has written nothing', async () => {
    const [source, target] = [await storage.image(SIZE), await storage.device(SIZE - MiB)];
    await BlockStorage.scribble(target.path, 0, 47);
    const before = await BlockStorage.sum(target.path, SIZE);
    const on = await start(source, target);
    await expect(on.sync()).rejects.toMatchObject({
      type: 'InvalidSpec',
      message: expect.stringMatching(
        /too small: it holds .*\(49283072 bytes\), and the source is .*\(50331648 bytes\)/,
      ) as unknown,
    });
    expect(await BlockStorage.sum(target.path, SIZE)).toBe(before);
  });

  it('refuses a source that has grown beyond its target since it was offered', async () => {
    const [source, target] = [await storage.image(SIZE), await storage.device(SIZE)];
    const on = await start(source, target);
    const before = await BlockStorage.sum(target.path, SIZE);
    const grown = on.sync({
      changeLanding(landing) {
        truncateSync(source.path, 2 * SIZE);
        return landing;
      },
    });
    await expect(grown).rejects.toMatchObject({ type: 'InvalidSpec', details: { host: 'beta' } });
    expect(await BlockStorage.sum(target.path, SIZE)).toBe(before);
  });

  it('stops with the reason when aborted, leaves no process, and goes on from what is there', async () => {
    const [source, target] = [await storage.device(SIZE), await storage.device(SIZE)];
    await BlockStorage.scribble(source.path, 0, 48);
    const on = await start(source, target);
    const reason = new Error('enough');
    const ending = new AbortController();
    const cut = on.sync({
      mover: blockSpec({ bandwidthLimit: '6MiB' }),
      signal: ending.signal,
      onProgress: ({ bytesDone }) => bytesDone > 8 * MiB && ending.abort(reason),
    });
    await expect(cut).rejects.toBe(reason);
    expect(await findProcesses(on.folder, 'tidemark-landing')).toEqual([]);
    const { stats } = await on.sync();
    expect(stats.bytesChanged).toBeLessThan(46 * MiB);
    await expectEqual(source, target);
  });

  it('reports progress that begins with scanning, in bytes of the whole', async () => {
    const [source, target] = [await storage.device(SIZE), await storage.device(SIZE)];
    await BlockStorage.scribble(source.path, 0, 48);
    const seen: { phase: string; bytesTotal?: number }[] = [];
    const mover = blockSpec({ bandwidthLimit: '24MiB' });
    await (await start(source, target)).sync({ mover, onProgress: (progress) => seen.push(progress) });
    expect(seen[0]).toMatchObject({ phase: 'scanning', bytesTotal: SIZE });
    expect(seen.some(({ phase }) => phase === 'transferring')).toBe(true);
  });

  it('names the stretch in which a single bit differs, as damage, and changes nothing', async () => {
    const [source, target] = [await storage.device(2 * SIZE), await storage.image(0)];
    await BlockStorage.scribble(source.path, 0, 96);
    const { sync, verify } = bind(await start(source, target));
    const { point } = await sync();
    await BlockStorage.flipBit(target.path, 70 * MiB);
    const before = await BlockStorage.sum(target.path, 2 * SIZE);
    expect(await verify(point)).toMatchObject({
      differences: [{ path: `bytes ${64 * MiB} to ${80 * MiB - 1}`, what: ['content'], changedSince: false }],
      ...{ total: 1, unexplained: 1, bytes: 16 * MiB },
    });
    expect(await BlockStorage.sum(target.path, 2 * SIZE)).toBe(before);
    // The next sync finds it, though size and time have nothing to say of it.
    await sync();
    await expectEqual(source, target, 2 * SIZE);
  });

  it.each(['an image file', 'a device'] as const)(
    'tells that %s was written to since, without reading it where it may be quick',
    async (from) => {
      const [source, target] = [await make[from](), await storage.image(0)];
      await BlockStorage.scribble(source.path, 0, 4);
      const { sync, verify } = bind(await start(source, target));
      const { point } = await sync();
      expect(await verify(point, { quick: true })).toMatchObject({ total: 0 });
      await BlockStorage.scribble(source.path, 2, 1);
      expect(await verify(point, { quick: true })).toMatchObject({ total: 1, unexplained: 0 });
      expect(await verify(point)).toMatchObject({ total: 1, unexplained: 0 });
      await BlockStorage.scribble(source.path, 0, 48);
      await expect(verify(point)).rejects.toMatchObject({ type: 'VerificationFailed' });
      await sync();
      await BlockStorage.flipBit(target.path, 5);
      expect(await verify((await rig?.points())?.at(-1) ?? point)).toMatchObject({ unexplained: 1 });
    },
  );

  it('tells that the lengths of two image files differ', async () => {
    const [source, target] = [await storage.image(SIZE), await storage.image(0)];
    const { sync, verify } = bind(await start(source, target));
    const { point } = await sync();
    await rig?.target.host.run(['truncate', '-s', String(SIZE - 5), target.path]);
    const { differences, unexplained } = await verify(point);
    expect(differences[0]).toEqual({ path: '.', what: ['size'], changedSince: false });
    expect(unexplained).toBeGreaterThan(0);
  });

  it('carries owner, mode and time from file to file, and leaves the node of a device alone', async () => {
    const [source, target] = [await storage.image(SIZE), await make['nothing yet']()];
    const on = await start(source, target);
    await on.source.host.run(['chown', '7:8', source.path]);
    await on.source.host.run(['chmod', '0640', source.path]);
    await on.sync();
    const { mtimeMs } = await stat(source.path);
    expect(await stat(target.path)).toMatchObject({ uid: 7, gid: 8, mode: 0o100640, mtimeMs });
    await on.stop();
    const device = await storage.device(SIZE);
    const before = await stat(device.path);
    await (await start(source, device)).sync();
    const { uid, gid, mode } = await stat(device.path);
    expect({ uid, gid, mode }).toEqual({ uid: before.uid, gid: before.gid, mode: before.mode });
  });

  it('refuses to talk to a host with another key', async () => {
    const on = await start(await storage.image(SIZE), await storage.image(SIZE));
    const { port } = on.source.service;
    const elsewhere = on.sync({ changeLanding: (landing) => ({ ...landing, port }) });
    await expect(elsewhere).rejects.toThrow(errorOfType('HostKeyMismatch'));
  });
});
