/** What claims of a cluster promise beyond what every volume does: as Kubernetes has them, and as agents live and die. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../../src/hosts/run-checked';
import { defaultMover } from '../../../src/model/spec';
import type { CaptureMethod, Volume } from '../../../src/model/records';
import type { Reach } from '../../../src/movers/reach';
import type { State } from '../../../src/volumes/contract';
import { filesOfClaim } from '../../cluster/files';
import { type Agent, ClaimRig, NAMESPACE } from '../../support/rigs/claim-rig';
import { makeStamp, SOURCE, TARGET } from '../../conformance/volume-fixture';

const MiB = 1024 ** 2;
const WIKI = 'wiki';

let rig: ClaimRig;
let agent: Agent;

beforeAll(async () => {
  rig = await ClaimRig.start();
});
afterAll(() => rig.dispose());
beforeEach(async () => {
  agent = await rig.makeAgent();
});
afterEach(async () => {
  await agent.stop();
  expect(await rig.listLeft()).toEqual([]);
});

const matching = (text: string) => expect.stringContaining(text) as unknown;
const absent = (name: string, options: Volume['options'] = {}): Volume => ({
  ...{ kind: 'pvc', path: `${NAMESPACE}/${name}` },
  options,
});
const make = (
  volume: Volume,
  source: { capacityBytes?: number; isBlock?: true } = { capacityBytes: 64 * MiB },
) => agent.driver.make?.(agent.host, volume, TARGET, source);
const capture = (volume: Volume, method: CaptureMethod, { syncId = 'wiki-1', relationship = WIKI } = {}) =>
  agent.driver.capture(agent.host, volume, { relationship, syncId, method, mover: defaultMover('pvc') });
const release = (volume: Volume, relationship = WIKI) =>
  agent.driver.release(agent.host, volume, { relationship, keepSyncIds: [] });
const publish = (volume: Volume, sequence = 1, relationship = WIKI) =>
  agent.driver.publish(agent.host, volume, { relationship, stamp: makeStamp(sequence), method: 'Snapshot' });
const prune = (volume: Volume, ...removePointIds: string[]) =>
  agent.driver.prune(agent.host, volume, { relationship: WIKI, removePointIds });
const reach = (volume: Volume, state: State = { of: 'live' }): Promise<Reach> =>
  agent.driver.reach(agent.host, volume, state, { relationship: WIKI, target: 'beta', syncId: 'wiki-1' });

/** What a program says that runs where a state is reached. */
async function tell(volume: Volume, argv: readonly string[], state?: State): Promise<string> {
  const way = await reach(volume, state);
  const { runner, path } = way;
  try {
    return (await runChecked(runner, argv, { cwd: path === '/data' ? path : '/' })).stdout.toString().trim();
  } finally {
    await way.close();
  }
}

describe('a claim that was deleted and made anew', () => {
  it('is another volume, also with the annotations of the former one; its points can be gone back to', async () => {
    const name = 'remade';
    const volume = await rig.makeVolume({ name });
    await writeFile(join(await filesOfClaim(rig.cluster, volume.path), 'page'), 'old');
    await agent.driver.claim(agent.host, volume, TARGET);
    const point = await publish(volume);
    await agent.driver.publish(agent.host, volume, {
      ...{ relationship: WIKI, stamp: makeStamp(2), method: 'Direct' },
    });
    const { annotations } = (await rig.readClaim(volume))?.metadata ?? {};
    await agent.stop();
    await rig.remove(`pvc/${name}`);
    await expect(agent.driver.check(agent.host, volume, TARGET)).rejects.toMatchObject({
      type: 'VolumeMissing',
      message: matching('is gone'),
    });
    // Nothing of it can come back as it was.
    const demoted = { ...TARGET, epoch: 2 };
    for (const _again of [1, 2])
      expect(await agent.driver.demote(agent.host, volume, demoted)).toEqual({
        readOnly: true,
        isGone: true,
      });
    await rig.makeVolume({ name });
    const copied = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith('tidemark.dev/'));
    expect(copied).toHaveLength(2);
    await rig.cluster.kubectl([
      ...['annotate', '--namespace', NAMESPACE, `pvc/${name}`],
      ...copied.map(([key, value]) => `${key}=${value}`),
    ]);
    await expect(agent.driver.check(agent.host, volume, TARGET)).rejects.toMatchObject({
      type: 'NotMounted',
      message: matching('was made anew since'),
    });
    expect((await agent.driver.inspect(agent.host, volume)).claim).toBeUndefined();
    expect(await agent.driver.points(agent.host, volume, WIKI)).toEqual([point]);
    await agent.driver.claim(agent.host, volume, TARGET, { approved: true });
    await agent.driver.rollback(agent.host, volume, { relationship: WIKI, pointId: point.id });
    expect(await readFile(join(await filesOfClaim(rig.cluster, volume.path), 'page'), 'utf8')).toBe('old');
    await prune(volume, point.id);
  });
});

describe('a claim that pods use', () => {
  it('is refused as a target before anything is changed', async () => {
    const volume = await rig.makeVolume();
    await agent.driver.claim(agent.host, volume, TARGET);
    const { id: pointId } = await publish(volume);
    const folder = await filesOfClaim(rig.cluster, volume.path);
    await writeFile(join(folder, 'page'), 'in use');
    await rig.usePod('web', volume);
    const busy = { type: 'VolumeBusy', message: matching('web') };
    await expect(agent.driver.check(agent.host, volume, TARGET)).rejects.toMatchObject(busy);
    const rolledBack = agent.driver.rollback(agent.host, volume, { relationship: WIKI, pointId });
    await expect(rolledBack).rejects.toMatchObject(busy);
    expect(await readFile(join(folder, 'page'), 'utf8')).toBe('in use');
    await rig.remove('pod/web');
    await agent.driver.check(agent.host, volume, TARGET);
    await prune(volume, pointId);
  });

  it('and one of them alone may use is captured by snapshot, and refused by Direct with the reason', async () => {
    const volume = await rig.makeVolume({ access: 'ReadWriteOncePod' });
    await rig.usePod('database', volume);
    await writeFile(join(await filesOfClaim(rig.cluster, volume.path), 'table'), 'rows');
    await agent.driver.claim(agent.host, volume, SOURCE);
    const captured = await capture(volume, 'Snapshot');
    expect(await tell(volume, ['cat', 'table'], { of: 'capture', capture: captured })).toBe('rows');
    await expect(reach(volume)).rejects.toMatchObject({
      type: 'VolumeBusy',
      message: matching('pod database alone may use it (ReadWriteOncePod)'),
      details: { hint: matching('copyMethod Snapshot or Clone') },
    });
    await release(volume);
    await rig.remove('pod/database');
    expect(await tell(volume, ['cat', 'table'])).toBe('rows');
  });

  it('and one of them alone may use is compared by a copy of this moment, which goes afterwards', async () => {
    const volume = await rig.makeVolume({ access: 'ReadWriteOncePod' });
    await rig.usePod('database', volume);
    await agent.driver.claim(agent.host, volume, SOURCE);
    await writeFile(join(await filesOfClaim(rig.cluster, volume.path), 'table'), 'rows');
    const state: State = { of: 'live', orFrozen: true };
    // What makes the key and what compares with it are one pod: the copy stays in between.
    expect(await tell(volume, ['sh', '-c', 'cat table; echo key > /tmp/key'], state)).toBe('rows');
    await agent.driver.leave?.(agent.host, volume, { relationship: WIKI, target: 'beta', syncId: 'other' });
    expect(await tell(volume, ['cat', '/tmp/key'], state)).toBe('key');
    await agent.driver.leave?.(agent.host, volume, { relationship: WIKI, target: 'beta', syncId: 'wiki-1' });
    expect(await rig.listLeft()).toEqual([]);
    await rig.remove('pod/database');
  });
});

describe('a target claim that is missing', () => {
  it('is made, of a class that waits for its first pod, mounted, written to and kept', async () => {
    const volume = absent('late', { storageClass: 'wait' });
    expect(await agent.driver.inspect(agent.host, volume)).toMatchObject({ exists: false, empty: true });
    await make(volume);
    await make(volume);
    expect((await agent.driver.inspect(agent.host, volume)).claim).toEqual(TARGET);
    await tell(volume, ['sh', '-c', 'echo text > page']);
    const point = await publish(volume);
    expect(await agent.driver.points(agent.host, volume, WIKI)).toEqual([point]);
    const state: State = { of: 'point', relationship: WIKI, pointId: point.id };
    expect(await tell(volume, ['cat', 'page'], state)).toBe('text');
    await prune(volume, point.id);
    // It is its user's from here on.
    expect(await rig.readClaim(volume)).toBeDefined();
  });

  it('has clones that are whole before anybody uses them: their point can go', async () => {
    const volume = await rig.makeVolume({ name: 'late-clone', storageClass: 'wait' });
    await agent.driver.claim(agent.host, volume, TARGET);
    await tell(volume, ['sh', '-c', 'echo text > page']);
    const { id: pointId } = await publish(volume);
    const clone = (cloneId: string) =>
      agent.driver.clone(agent.host, volume, { relationship: WIKI, pointId, cloneId });
    const [one, two] = [await clone('drill-1'), await clone('drill-2')];
    await prune(volume, pointId);
    expect(await clone('drill-1')).toEqual(one);
    expect(await readFile(join(await filesOfClaim(rig.cluster, one.path), 'page'), 'utf8')).toBe('text\n');
    const remove = async (...keepCloneIds: string[]) => {
      await agent.driver.removeClones(agent.host, volume, { relationship: WIKI, keepCloneIds });
      await rig.settle();
    };
    await remove('drill-2');
    await expect(filesOfClaim(rig.cluster, one.path)).rejects.toThrow('ENOENT');
    expect(await filesOfClaim(rig.cluster, two.path)).toBeTruthy();
    await remove();
  });

  it('is made as large as its source, and grows with it while it is in use', async () => {
    const volume = absent('growing', { storageClass: 'sized' });
    const room = async () => Number((await tell(volume, ['df', '--output=size', '-B1', '.'])).split('\n')[1]);
    await make(volume, { capacityBytes: 64 * MiB });
    const before = await room();
    expect(before).toBeLessThan(64 * MiB);
    await make(volume, { capacityBytes: 128 * MiB });
    const after = await room();
    expect(after).toBeGreaterThan(before + 32 * MiB);
    expect(await agent.driver.inspect(agent.host, volume)).toMatchObject({
      capacityBytes: 128 * MiB,
      canGrow: true,
    });
    await make(volume, { capacityBytes: 64 * MiB });
    expect(await room()).toBe(after);
  });

  it('can be a device, and is refused where that is too small and can not grow', async () => {
    const volume = absent('device', { storageClass: 'plain' });
    await make(volume, { capacityBytes: 32 * MiB, isBlock: true });
    expect(await agent.driver.inspect(agent.host, volume)).toMatchObject({ isBlock: true, empty: true });
    await expect(make(volume, { capacityBytes: 64 * MiB, isBlock: true })).rejects.toMatchObject({
      type: 'TargetFull',
      message: matching('the claim has 32.0 MiB, its source 64.0 MiB'),
    });
    // Of files it may have room for all.
    const files = await rig.makeVolume({ storageClass: 'plain' });
    await make(files, { capacityBytes: 128 * MiB });
  });
});

describe('names', () => {
  it('as long as Kubernetes takes them are found again, and what was made is removed', async () => {
    const name = 'n'.repeat(253);
    const relationship = 'r'.repeat(63);
    const other = `${'r'.repeat(62)}s`;
    const volume = await rig.makeVolume({ name });
    const claim = { ...TARGET, relationship };
    await agent.driver.claim(agent.host, volume, claim);
    expect((await agent.driver.inspect(agent.host, volume)).claim).toEqual(claim);
    const point = await publish(volume, 1, relationship);
    expect(await agent.driver.points(agent.host, volume, relationship)).toEqual([point]);
    expect(await agent.driver.points(agent.host, volume, other)).toEqual([]);
    const first = await capture(volume, 'Snapshot', { relationship });
    await capture(volume, 'Clone', { relationship: other });
    await release(volume, other);
    await rig.settle();
    expect(await filesOfClaim(rig.cluster, first.path)).toBeTruthy();
    await release(volume, relationship);
    await agent.driver.prune(agent.host, volume, { relationship, removePointIds: [point.id] });
  });
});

describe('an agent', () => {
  it('removes, when it starts, what its former life left running, and nothing else', async () => {
    const volume = await rig.makeVolume();
    await rig.usePod('bystander', volume);
    await reach(volume);
    expect((await rig.listMade()).map((each) => each.split(' ')[0]).sort()).toEqual(['Job', 'Pod']);
    const next = await rig.makeAgent({}, { home: agent.host.home });
    await next.start();
    expect(await rig.listLeft()).toEqual([]);
    // It has pods of its own, which a third start of nobody takes away.
    agent = next;
    expect(await tell(volume, ['pwd'])).toBe('/data');
    await rig.remove('pod/bystander');
  });

  it('leaves no more behind after fifty captures than after two', async () => {
    const volume = await rig.makeVolume();
    const cycle = async (index: number) => {
      const relationship = `wiki-${index % 5}`;
      const method = index % 2 === 0 ? 'Snapshot' : 'Clone';
      await capture(volume, method, { syncId: `sync-${index}`, relationship });
      await release(volume, relationship);
    };
    const row = async (from: number, to: number) => {
      for (let index = from; index < to; index += 5) await cycle(index);
    };
    await row(0, 10);
    await rig.settle();
    const before = await rig.countObjects();
    await Promise.all([0, 1, 2, 3, 4].map((start) => row(start, 48 + start)));
    await rig.settle();
    expect(await rig.countObjects()).toEqual(before);
  });
});

describe('movers that are not root', () => {
  it('are let in by Pod Security restricted, and read and write the files of their user', async () => {
    await rig.makeNamespace('restricted', { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
    const options = { runAs: '1000:2000' };
    const volume = { ...(await rig.makeVolume({ namespace: 'restricted' })), options };
    await agent.driver.claim(agent.host, volume, TARGET);
    await tell(volume, ['sh', '-c', 'mkdir -m 700 private; echo mine > private/page']);
    const folder = await filesOfClaim(rig.cluster, volume.path);
    expect(await stat(join(folder, 'private/page'))).toMatchObject({ uid: 1000, gid: 2000 });
    const point = await publish(volume);
    await tell(volume, ['sh', '-c', 'echo other > private/page; echo more > more']);
    await agent.driver.rollback(agent.host, volume, { relationship: WIKI, pointId: point.id });
    expect(await readFile(join(folder, 'private/page'), 'utf8')).toBe('mine\n');
    await expect(stat(join(folder, 'more'))).rejects.toThrow('ENOENT');
    await agent.driver.claim(agent.host, volume, { ...SOURCE, relationship: 'onwards' });
    const captured = await capture(volume, 'Snapshot', { relationship: 'onwards' });
    expect(await tell(volume, ['cat', 'private/page'], { of: 'capture', capture: captured })).toBe('mine');
    await release(volume, 'onwards');
    await prune(volume, point.id);
  });
});

describe('workloads that the spec names', () => {
  it('are scaled down where their volume stops being the primary, and up again as they were', async () => {
    const volume = await rig.makeVolume();
    const named = { ...volume, options: { workloads: ['deployment/shop-web'] } };
    await rig.cluster.apply(rig.makeDeployment('shop-web', volume, 2));
    await rig.cluster.waitFor('condition=Available', ['deployment/shop-web'], NAMESPACE);
    const replicas = async () =>
      Number(
        await rig.cluster.kubectl([
          'get',
          '-n',
          NAMESPACE,
          'deployment/shop-web',
          '-o',
          'jsonpath={.spec.replicas}',
        ]),
      );
    const { driver, host } = agent;
    await driver.claim(host, named, SOURCE);
    await driver.quiesce?.(host, named);
    expect(await replicas()).toBe(0);
    await driver.unquiesce?.(host, named);
    expect(await replicas()).toBe(2);
    const demoted = { ...TARGET, epoch: 2 };
    for (const _again of [1, 2])
      expect(await driver.demote(host, named, demoted)).toEqual({ readOnly: true });
    expect(await replicas()).toBe(0);
    // Nobody uses it any more: it can be written to.
    await driver.check(host, named, demoted);
    for (const _again of [1, 2]) await driver.promote(host, named, { ...SOURCE, epoch: 3 });
    expect(await replicas()).toBe(2);
    await rig.remove('deployment/shop-web');
  });
});
