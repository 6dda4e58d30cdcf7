/** What proves two subvolumes equal is the frozen state's own, however others made them. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import { MoverSchema } from '../../src/model/spec';
import { btrfsMover } from '../../src/volumes/btrfs/send';
import { btrfsDriver } from '../../src/volumes/btrfs';
import { setReadOnlyByKernel } from '../support/storage/btrfs-writable';
import { compareTrees } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { StreamRig } from '../support/rigs/sync-rig';

const host = makeLocalHost({ name: 'test', home: tmpdir() });
const btrfs = (...argv: string[]) => runChecked(host, ['btrfs', ...argv]);
const ALONE = MoverSchema.parse({ btrfs: {} });
const NESTED = MoverSchema.parse({ btrfs: { nested: true } });

/** A received copy of `path` in the folder `into`, under the same name. */
async function copyByHand(path: string, into: string): Promise<string> {
  const sent = await host.pipe([
    ['btrfs', 'send', '--quiet', path],
    ['btrfs', 'receive', '--quiet', into],
  ]);
  expect(sent.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  return join(into, basename(path));
}

describe('an identity of a btrfs state', () => {
  let filesystems: TestFilesystem[];
  let rig: StreamRig;
  let count = 0;
  const at = (name: string) => join(rig.source.volume.path, name);
  const expectEqual = async () =>
    expect(await compareTrees(rig.source.volume.path, rig.target.volume.path)).toEqual([]);

  async function makeVolumes() {
    const [source = '', target = ''] = filesystems.map(({ mountPoint }) => join(mountPoint, `wiki-${count}`));
    count++;
    await btrfs('subvolume', 'create', source);
    return {
      source: { kind: 'btrfs' as const, path: source },
      target: { kind: 'btrfs' as const, path: target },
    };
  }

  /** The source becomes what was received once from another host, and was made writable since. */
  async function makeReceived(path: string): Promise<void> {
    const original = join(dirname(path), 'originals', basename(path));
    await mkdir(dirname(original), { recursive: true });
    await btrfs('subvolume', 'snapshot', '-r', path, original);
    await btrfs('subvolume', 'delete', path);
    await copyByHand(original, dirname(path));
    await setReadOnlyByKernel(path, false);
  }

  beforeAll(async () => {
    filesystems = await Promise.all([TestFilesystem.make('btrfs'), TestFilesystem.make('btrfs')]);
    rig = await StreamRig.start({ driver: btrfsDriver, mover: btrfsMover, spec: ALONE }, await makeVolumes());
  });
  beforeEach(async () => rig.use(await makeVolumes(), ALONE));
  afterAll(async () => {
    await rig.stop();
    for (const filesystem of filesystems) await filesystem.dispose();
  });

  it('is new with each capture of a source that was received once, and can be written to', async () => {
    await writeFile(at('file'), 'received');
    await makeReceived(rig.source.volume.path);
    for (const text of ['first', 'second', 'third']) {
      await writeFile(at('file'), text);
      const { point, plan } = await rig.sync();
      await expectEqual();
      expect(await readFile(join(await rig.pathOf(point), 'file'), 'utf8')).toBe(text);
      expect(plan.how).toBe(text === 'first' ? 'full' : 'incremental');
    }
    const identities = (await rig.points()).map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(3);
  });

  it('is new too for subvolumes inside of a source that were received once', async () => {
    rig.use({ source: rig.source.volume, target: rig.target.volume }, NESTED);
    await btrfs('subvolume', 'create', at('var'));
    await writeFile(at('var/file'), 'received');
    await makeReceived(at('var'));
    await btrfs('subvolume', 'delete', at('originals/var'));
    await rm(at('originals'), { recursive: true });
    for (const text of ['first', 'second']) {
      await writeFile(at('var/file'), text);
      await rig.sync();
      await expectEqual();
    }
  });

  it('is kept with an old primary that was received once, before it follows another', async () => {
    await writeFile(at('file'), 'received');
    await makeReceived(rig.source.volume.path);
    await rig.sync();
    await rig.turnAround();
    await writeFile(at('file'), 'written at the new primary');
    await rig.sync();
    await expectEqual();
    await rig.turnAround();
    await writeFile(at('file'), 'back again');
    expect((await rig.sync()).plan.base).toBeDefined();
    await expectEqual();
  });

  it('is not believed of a snapshot by hand that was written to since it was sent', async () => {
    await writeFile(at('file'), 'x');
    const snapshot = `${rig.source.volume.path}@monday`;
    await btrfs('subvolume', 'snapshot', '-r', rig.source.volume.path, snapshot);
    const copy = await copyByHand(snapshot, dirname(rig.target.volume.path));
    // Change times are compared with a moment that is told in whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const lost = { type: 'BaseLost' };
    await setReadOnlyByKernel(copy, false);
    await rm(join(copy, 'file'));
    await setReadOnlyByKernel(copy, true);
    await expect(rig.sync()).rejects.toMatchObject(lost);
    await btrfs('subvolume', 'delete', copy);
    await copyByHand(snapshot, dirname(rig.target.volume.path));
    await btrfs('property', 'set', '-ts', snapshot, 'ro', 'false');
    await writeFile(join(snapshot, 'file'), 'y');
    await btrfs('property', 'set', '-ts', snapshot, 'ro', 'true');
    await expect(rig.sync()).rejects.toMatchObject(lost);
    const { source } = await rig.look();
    await rig.sync({ excluded: source.map(({ identity }) => identity) });
    await expectEqual();
  });

  it('tells a copy that was received in the very place of the replica from one that was written to', async () => {
    await writeFile(at('file'), 'x');
    const { source, target } = rig;
    const sent = join(dirname(source.volume.path), 'sent', basename(target.volume.path));
    await mkdir(dirname(sent), { recursive: true });
    await btrfs('subvolume', 'snapshot', '-r', source.volume.path, sent);
    await rig.look();
    const copy = await copyByHand(sent, dirname(target.volume.path));
    expect(await rig.divergence()).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await setReadOnlyByKernel(copy, false);
    await writeFile(join(copy, 'file'), 'y');
    await setReadOnlyByKernel(copy, true);
    expect(await rig.divergence()).toMatchObject({ changed: true });
  });
});
