import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { RsyncSpec } from '../../src/model/spec';
import { MoverSchema } from '../../src/model/spec';
import { rsyncMover } from '../../src/movers/rsync';
import { compareTrees } from '../support/trees/compare-trees';
import { startCuttingProxy } from '../support/hosts/cutting-proxy';
import { errorOfType } from '../support/expect-type';
import { findProcesses } from '../support/hosts/find-processes';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeMoverRig, moverSpec, type MoverRig } from '../support/rigs/mover-rig';
import { makeNastyTree, NASTY_NAMES } from '../support/trees/nasty-tree';
import { waitFor } from '../support/wait-for';
import { sample } from '../support/sample';

const MiB = 1024 * 1024;
const WRITE_MODES = ['inPlace', 'delayed'] as const;

let rig: MoverRig;
const at = (name: string) => join(rig.sourcePath, name);
const atTarget = (name: string) => join(rig.targetPath, name);

beforeEach(async () => {
  rig = await makeMoverRig(rsyncMover);
});
afterEach(() => rig.dispose());

async function writeRandom(path: string, mebibytes: number): Promise<void> {
  const file = await open(path, 'w');
  for (let i = 0; i < mebibytes; i++) await file.write(randomBytes(MiB));
  await file.close();
}

async function expectEqual(): Promise<void> {
  expect(await compareTrees(rig.sourcePath, rig.targetPath)).toEqual([]);
}

describe.each(WRITE_MODES)('a transfer that is broken while writing %s', (writeMode) => {
  it('goes on inside of the file where the link was cut: at most a tenth is sent twice', async () => {
    await writeRandom(at('big'), 96);
    const size = 96 * MiB;
    const proxy = await startCuttingProxy(rig.service.port, { cutAfter: size / 2, how: 'cut' });
    try {
      const changeLanding = <T>(landing: T) => ({ ...landing, port: proxy.port });
      await expect(rig.sync({ writeMode, changeLanding })).rejects.toThrow(
        errorOfType('TransferInterrupted'),
      );
      await rig.sync({ writeMode, changeLanding });
      expect(proxy.bytesSent()).toBeLessThan(size * 1.1);
    } finally {
      await proxy.close();
    }
    await expectEqual();
  });

  it('keeps what was whole already, and leaves nothing of its own behind', async () => {
    for (let i = 0; i < 8; i++) await writeRandom(at(`file${i}`), 8);
    const size = 64 * MiB;
    const proxy = await startCuttingProxy(rig.service.port, { cutAfter: size / 2, how: 'cut' });
    try {
      const changeLanding = <T>(landing: T) => ({ ...landing, port: proxy.port });
      await expect(rig.sync({ writeMode, changeLanding })).rejects.toThrow(
        errorOfType('TransferInterrupted'),
      );
      await rm(at('file0'));
      await rename(at('file3'), at('file3, renamed'));
      await rig.sync({ writeMode, changeLanding });
      expect(proxy.bytesSent()).toBeLessThan(size * 1.25);
    } finally {
      await proxy.close();
    }
    await expectEqual();
  });

  it.each(['rsync at the source', 'ssh', 'rsync at the target'])(
    'ends whole after a kill -9 of %s',
    async (victim) => {
      await makeNastyTree(rig.sourcePath);
      await writeRandom(at('big'), 48);
      const words =
        {
          'rsync at the source': ['rsync', 'tidemark-landing'],
          ssh: ['ssh\0-F'],
          'rsync at the target': ['--server'],
        }[victim] ?? [];
      const sync = rig.sync({ writeMode, mover: moverSpec({ rsync: { bandwidthLimit: '16MiB' } }) });
      const failed = expect(sync).rejects.toThrow(errorOfType('TransferInterrupted'));
      const target = writeMode === 'inPlace' ? atTarget('big') : rig.targetPath;
      await waitFor(
        async () =>
          (await sizeOf(target)) > 4 * MiB && (await findProcesses(rig.folder, ...words)).length > 0,
      );
      for (const pid of await findProcesses(rig.folder, ...words)) process.kill(pid, 'SIGKILL');
      await failed;
      await rig.sync({ writeMode });
      await expectEqual();
    },
  );
});

/** Bytes under a path, temporary files included. */
async function sizeOf(path: string): Promise<number> {
  const { stdout } = await rig.target.run(['du', '-sB1', '--', path]);
  return Number(stdout.toString().split('\t')[0]) || 0;
}

it('gives up a link that has gone silent', async () => {
  await writeRandom(at('big'), 16);
  const proxy = await startCuttingProxy(rig.service.port, { cutAfter: 4 * MiB, how: 'silence' });
  try {
    const sync = rig.sync({ changeLanding: (landing) => ({ ...landing, port: proxy.port }) });
    await expect(sync).rejects.toThrow(errorOfType('TransferInterrupted'));
  } finally {
    await proxy.close();
  }
});

it('ends a lost attempt at both ends before its successor begins', async () => {
  await writeRandom(at('big'), 48);
  const slow = moverSpec({ rsync: { bandwidthLimit: '2MiB' } });
  const lost = rig.sync({ mover: slow }).catch((error: unknown) => error);
  await waitFor(async () => (await sizeOf(rig.targetPath)) > MiB);
  const before = await findProcesses(rig.folder, '--server');
  expect(before).not.toEqual([]);
  await rig.sync();
  await expectEqual();
  // By what runs, not by number: where nothing reaps orphans, as in many containers, the number stays taken.
  const after = await findProcesses(rig.folder, '--server');
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  expect(await lost).toBeInstanceOf(Error);
});

it('says that the target is full, and keeps what is there', async () => {
  const small = await TestFilesystem.make('ext4', { size: '64M' });
  try {
    await writeRandom(at('small'), 1);
    await rig.sync({ targetPath: small.mountPoint });
    await writeRandom(at('big'), 96);
    for (const writeMode of WRITE_MODES) {
      const sync = rig.sync({ writeMode, targetPath: small.mountPoint });
      await expect(sync).rejects.toMatchObject({
        type: 'TargetFull',
        details: { host: 'beta', toolMessage: expect.stringContaining('No space left on device') as string },
      });
    }
    expect((await stat(join(small.mountPoint, 'small'))).size).toBe(MiB);
    await rm(at('big'));
    await rig.sync({ targetPath: small.mountPoint });
    expect(await compareTrees(rig.sourcePath, small.mountPoint)).toEqual([]);
  } finally {
    await small.dispose();
  }
});

it('takes files that vanish meanwhile for no failure, and counts them', async () => {
  for (let i = 0; i < 400; i++) await writeFile(at(`f${i}`), randomBytes(20_000));
  let isBegun = false;
  const stats = await rig.sync({
    mover: moverSpec({ rsync: { bandwidthLimit: '4MiB' } }),
    onProgress: ({ bytesDone }) => {
      if (bytesDone === 0 || isBegun) return;
      isBegun = true;
      for (let i = 300; i < 400; i++) void rm(at(`f${i}`), { force: true });
    },
  });
  expect(stats.filesVanished).toBeGreaterThan(0);
  await rig.sync();
  await expectEqual();
});

it('takes a source that went away for lost, not for empty', async () => {
  for (let i = 0; i < 400; i++) await writeFile(at(`f${i}`), randomBytes(20_000));
  let gone: Promise<void> | undefined;
  const sync = rig.sync({
    mover: moverSpec({ rsync: { bandwidthLimit: '4MiB' } }),
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 0) gone ??= rm(rig.sourcePath, { recursive: true });
    },
  });
  await expect(sync).rejects.toThrow(errorOfType('VolumeMissing'));
  await gone;
});

it('sends only what changed of a big file, and writes only that', async () => {
  await writeRandom(at('big'), 64);
  await rig.sync();
  const before = await stat(atTarget('big'));
  const file = await open(at('big'), 'r+');
  await file.write('8 bytes!', 40 * MiB);
  await file.close();
  const stats = await rig.sync();
  await expectEqual();
  expect(stats.bytesSent).toBeLessThan(MiB);
  expect(stats.bytesChanged).toBeLessThan(256 * 1024);
  expect((await stat(atTarget('big'))).ino).toBe(before.ino);
});

it('shows no half-written file while it writes delayed', async () => {
  await writeRandom(at('big'), 32);
  await rig.sync({ writeMode: 'delayed' });
  const { ino, mtimeMs } = await stat(atTarget('big'));
  await writeRandom(at('big'), 32);
  const during: { ino: number; mtimeMs: number }[] = [];
  const looks: Promise<unknown>[] = [];
  await rig.sync({
    writeMode: 'delayed',
    mover: moverSpec({ rsync: { bandwidthLimit: '16MiB' } }),
    onProgress: ({ phase }) => {
      if (phase === 'transferring') looks.push(stat(atTarget('big')).then((found) => during.push(found)));
    },
  });
  await Promise.all(looks);
  expect(during.length).toBeGreaterThan(0);
  for (const found of during.slice(0, -1)) expect(found).toMatchObject({ ino, mtimeMs });
  await expectEqual();
});

it('names damaged files whose names hold anything, one line for each', async () => {
  await makeNastyTree(rig.sourcePath);
  await rig.sync();
  await rig.target.run(['find', atTarget('folder'), '-type', 'f', '-exec', 'chmod', '0611', '{}', '+']);
  const differences = await rig.verify();
  expect(differences).toHaveLength(NASTY_NAMES.length);
  for (const { what } of differences) expect(what).toEqual(['permissions']);
  expect(differences.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['folder/new\\#012line', 'folder/-rf/inside', 'folder/Grüße 日本']),
  );
});

describe('the options of a spec', () => {
  it('leave out what is excluded, at the source and at the target, but for what is included', async () => {
    for (const name of ['cache', 'data', 'lost+found', '.tidemark']) {
      await mkdir(at(name));
      await writeFile(at(`${name}/kept`), name);
      await writeFile(at(`${name}/other`), name);
    }
    await mkdir(atTarget('cache'));
    await writeFile(atTarget('cache/own'), 'of the target');
    await mkdir(atTarget('.tidemark'));
    await writeFile(atTarget('.tidemark/claim'), 'of the target');
    await rig.sync({
      mover: moverSpec({ rsync: { include: ['cache/kept'], exclude: ['cache/*', '! - not a rule'] } }),
    });
    expect((await readdir(rig.targetPath)).sort()).toEqual(['.tidemark', 'cache', 'data']);
    // What is excluded goes from the target, too.
    expect(await readdir(atTarget('cache'))).toEqual(['kept']);
    expect(await readdir(atTarget('.tidemark'))).toEqual(['claim']);
  });

  it('never let a pattern become another option or rule', async () => {
    await writeFile(at('file'), 'x');
    await writeFile(atTarget('extra'), 'x');
    const patterns = ['!', '--delete-excluded', '. /etc/passwd', '+ *', 'P *', 'merge /etc/passwd', ' ', '-'];
    await rig.sync({ mover: moverSpec({ rsync: { exclude: patterns } }) });
    expect(await readdir(rig.targetPath)).toEqual(['file']);
  });

  const EXTRA = MoverSchema.shape.rsync.unwrap().shape.extraOptions.unwrap().element.options;
  const SPECS: Partial<RsyncSpec>[] = [
    ...EXTRA.map((option) => ({ extraOptions: [option] })),
    { compress: 'zstd' },
    { compress: 'lz4' },
    { compress: 'none' },
    { checksum: true },
    { bandwidthLimit: '100MiB' },
  ];
  it.each(
    sample(
      SPECS.map((rsync, index) => [rsync, WRITE_MODES[index % 2]] as const),
      8,
    ),
  )('work, and compare by the same measure: %j, %s', async (rsync, writeMode = 'inPlace') => {
    await makeNastyTree(rig.sourcePath);
    const mover = moverSpec({ rsync });
    await rig.sync({ writeMode, mover });
    expect(await rig.verify({ mover })).toEqual([]);
    if (!rsync.extraOptions) await expectEqual();
  });
});
