/** An agent killed after any of its steps: the base survives, and the replica and every point are whole. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { MoverSchema } from '../../src/model/spec';
import { btrfsMover } from '../../src/volumes/btrfs/send';
import { btrfsDriver } from '../../src/volumes/btrfs';
import { exchangeNames, mendNames } from '../../src/volumes/btrfs/exchange';
import { findPlace } from '../../src/volumes/directory/place';
import { TestFilesystem } from '../support/storage/filesystems';
import { StreamRig } from '../support/rigs/sync-rig';

const KILLED = 'killed';

/** How many steps are done before everything on both hosts ends. */
interface Fate {
  left: number;
}

const LOOKS = new Set(['stat', 'test', 'realpath', 'find', 'du', 'sync', 'uname', 'list', 'show']);

/** The host, whose agent dies right after a step that changes something below `folders`. */
function makeMortal(host: Host, folders: readonly string[], fate: Fate): Host {
  const isStep = (words: readonly string[]) =>
    words.some((word) => folders.some((folder) => word.startsWith(folder))) &&
    ![words[0], words[2]].some((word) => word !== undefined && LOOKS.has(word));
  const step = async <T>(words: readonly string[], work: () => Promise<T>): Promise<T> => {
    if (fate.left <= 0) throw new Error(KILLED);
    const done = await work();
    if (isStep(words) && --fate.left <= 0) throw new Error(KILLED);
    return done;
  };
  const { files } = host;
  return {
    ...host,
    run: (argv, options) => step(argv, () => host.run(argv, options)),
    pipe: (argvs, options) => step(argvs.flat(), () => host.pipe(argvs, options)),
    endAttempts: (attempt) => step([], () => host.endAttempts(attempt)),
    files: {
      ...files,
      write: (path, content, mode) => step(['write', path], () => files.write(path, content, mode)),
      remove: (path) => step(['remove', path], () => files.remove(path)),
      // Nearly always there already: no step worth a death of its own.
      mkdir: (path, mode) => step([], () => files.mkdir(path, mode)),
      rename: (from, to) => step(['rename', from], () => files.rename(from, to)),
    },
  };
}

/** Of its steps; `TIDEMARK_KILL_EVERY=1` dies after each of them. */
const EVERY = Number(process.env.TIDEMARK_KILL_EVERY ?? 6);

describe('the btrfs driver and mover with a subvolume inside of another', () => {
  let filesystems: TestFilesystem[];
  let rig: StreamRig;
  const fate: Fate = { left: Infinity };

  beforeAll(async () => {
    filesystems = await Promise.all([TestFilesystem.make('btrfs'), TestFilesystem.make('btrfs')]);
    const [source = '', target = ''] = filesystems.map(({ mountPoint }) => join(mountPoint, 'wiki'));
    rig = await StreamRig.start(
      { driver: btrfsDriver, mover: btrfsMover, spec: MoverSchema.parse({ btrfs: { nested: true } }) },
      { source: { kind: 'btrfs', path: source }, target: { kind: 'btrfs', path: target } },
    );
    const { host } = rig.source;
    await runChecked(host, ['btrfs', 'subvolume', 'create', source]);
    await runChecked(host, ['btrfs', 'subvolume', 'create', join(source, 'inner')]);
    await runChecked(host, [
      'dd',
      'if=/dev/urandom',
      `of=${source}/big`,
      'bs=64K',
      'count=16',
      'status=none',
    ]);
    const folders = filesystems.map(({ mountPoint }) => mountPoint);
    for (const end of [rig.source, rig.target]) end.host = makeMortal(end.host, folders, fate);
  });
  afterAll(async () => {
    fate.left = Infinity;
    await rig.stop();
    for (const filesystem of filesystems) await filesystem.dispose();
  });

  const files = ['state', 'inner/state'];
  const write = async (state: string) => {
    for (const file of files) await writeFile(join(rig.source.volume.path, file), state);
  };
  const read = async (root: string) => {
    expect((await readFile(join(root, 'big'))).length).toBe(16 * 65536);
    const [state, ...others] = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));
    for (const other of others) expect(other).toBe(state);
    return state;
  };

  it('goes on from the same base after it was killed at any step, and never lacks a whole replica', async () => {
    await write('1');
    await rig.sync();
    let [steps, sequence] = [1, 1];
    for (let isKilled = true; isKilled; steps += EVERY) {
      sequence++;
      await write(String(sequence));
      fate.left = steps;
      isKilled = await rig.sync({ sequence }).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Error && error.message === KILLED) return true;
          throw error;
        },
      );
      fate.left = Infinity;
      expect([String(sequence - 1), String(sequence)]).toContain(await read(rig.target.volume.path));
      for (const point of await rig.points()) {
        expect(await read(await rig.pathOf(point))).toBe(String(point.sequence));
      }
      const remove = (await rig.points()).slice(0, -1).map(({ id }) => id);
      const { plan, stats } = await rig.sync({ sequence, remove });
      expect(plan.base).toBeDefined();
      expect(stats.bytesSent).toBeLessThan(65536);
      expect(await read(rig.target.volume.path)).toBe(String(sequence));
    }
    // Nothing is left of all that: neither half-made trees nor former replicas.
    const left = await readdir(filesystems[1]?.mountPoint ?? '');
    expect(left.sort()).toEqual(['.tidemark', 'wiki']);
  }, 900_000);
});

describe('two names that change places', () => {
  let folder: string;
  const host = makeLocalHost({ name: 'test', home: tmpdir() });
  const place = async () => findPlace(host, { kind: 'btrfs', path: join(folder, 'wiki') });
  const at = (...names: string[]) => join(folder, ...names);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-names-'));
    await mkdir(at('wiki'));
    await mkdir(at('.wiki.tidemark-new'));
    await writeFile(at('wiki', 'old'), '');
    await writeFile(at('.wiki.tidemark-new', 'new'), '');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['whatever tool there is', [0, 1, 2]],
    ['two renames where there is none', []],
  ])('do so by %s', async (_, ways) => {
    await exchangeNames(await place(), ways);
    await mendNames(await place());
    expect(await readdir(at('wiki'))).toEqual(['new']);
    expect(await readdir(at('.wiki.tidemark-new'))).toEqual(['old']);
    expect((await readdir(folder)).sort()).toEqual(['.wiki.tidemark-new', 'wiki']);
  });

  it('are mended after two renames that were cut off at any point', async () => {
    await rename(at('wiki'), at('.wiki.tidemark-old'));
    await mendNames(await place());
    expect(await readdir(at('wiki'))).toEqual(['new']);
    await mendNames(await place());
    expect((await readdir(folder)).sort()).toEqual(['.wiki.tidemark-new', 'wiki']);
    expect(await readdir(at('.wiki.tidemark-new'))).toEqual(['old']);
  });

  it('are mended where the successor has gone', async () => {
    await rename(at('wiki'), at('.wiki.tidemark-old'));
    await rm(at('.wiki.tidemark-new'), { recursive: true });
    await mendNames(await place());
    expect(await readdir(at('wiki'))).toEqual(['old']);
  });
});
