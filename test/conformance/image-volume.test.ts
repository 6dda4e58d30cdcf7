/** What a store of images promises as a volume, and its landing as a door: on Podman. */
import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { imageDriver } from '../../src/volumes/image';
import type { Claim, Volume } from '../../src/model/records';
import { BAD_REQUEST, makeLandingCommand } from '../../src/volumes/image/send/landing-script';
import { errorOfType } from '../support/expect-type';
import { ImageRig } from '../support/rigs/image-rig';
import { BLOG, type ImageStore, WIKI } from '../support/storage/image-stores';
import { listPoint } from '../support/trees/list-point';
import { makeStamp, SOURCE, TARGET } from './volume-fixture';

let source: ImageStore;
let target: ImageStore;
let rig: ImageRig;

beforeEach(async () => {
  rig = await ImageRig.between('podman', 'podman');
  ({ from: source, to: target } = rig);
});
afterEach(() => rig.dispose());

const fenced = { type: 'Fenced' };

describe('a store of images', () => {
  it('offers what it can do, and says why it does not offer the rest', async () => {
    const inspection = await imageDriver.inspect(rig.target, target.volume);
    expect(inspection).toMatchObject({
      exists: true,
      empty: true,
      capture: ['Snapshot'],
      points: ['Snapshot'],
    });
    expect(Object.keys(inspection.whyNot).sort()).toEqual(['Clone', 'Direct', 'HardLink']);
    for (const why of Object.values(inspection.whyNot)) expect(why).toMatch(/use copyMethod \w+/);
    await target.add(WIKI, ['wiki']);
    expect(await imageDriver.inspect(rig.target, target.volume)).toMatchObject({ empty: false });
    expect(await imageDriver.size(rig.target, target.volume)).toMatchObject({ entries: 1 });
  });

  it('keeps claims with the data, and refuses epochs that are over and second owners', async () => {
    const claim = (wanted: Claim) => imageDriver.claim(rig.target, target.volume, wanted);
    const check = (wanted: Claim) => imageDriver.check(rig.target, target.volume, wanted);
    await check(TARGET);
    expect((await imageDriver.inspect(rig.target, target.volume)).claim).toBeUndefined();
    await claim({ ...TARGET, epoch: 2 });
    await claim({ ...TARGET, epoch: 2 });
    expect((await imageDriver.inspect(rig.target, target.volume)).claim).toEqual({ ...TARGET, epoch: 2 });
    await expect(check(TARGET)).rejects.toMatchObject(fenced);
    await expect(claim({ ...TARGET, relationship: 'second' })).rejects.toMatchObject(fenced);
    await claim({ ...SOURCE, relationship: 'onwards' });
    await claim({ ...SOURCE, epoch: 3 });
    await expect(claim({ ...TARGET, epoch: 3 })).rejects.toMatchObject(fenced);
    await imageDriver.disclaim(rig.target, target.volume, 'onwards');
    await imageDriver.disclaim(rig.target, target.volume, TARGET.relationship);
    await imageDriver.disclaim(rig.target, target.volume, TARGET.relationship);
    await claim({ ...TARGET, relationship: 'second' });
    const letGo = () => imageDriver.disclaim(rig.target, target.volume, 'second', 'alpha:docker');
    for (const _again of [1, 2]) await letGo();
    const { released } = await imageDriver.inspect(rig.target, target.volume);
    expect(released).toEqual({ relationship: 'second', epoch: 1, copyOf: 'alpha:docker' });
    await claim(TARGET);
    expect((await imageDriver.inspect(rig.target, target.volume)).released).toBeUndefined();
  });

  it('marks everything that changes a store, so that what a lost agent began is ended before names move again', async () => {
    const [marks, ended] = [new Set<string | undefined>(), new Set<string>()];
    const watch = (host: Host): Host => ({
      ...host,
      run: (argv, options) => {
        if (argv.includes('tag') || argv.includes('rmi')) marks.add(options?.attempt);
        return host.run(argv, options);
      },
      endAttempts: (attempt) => {
        ended.add(attempt);
        return host.endAttempts(attempt);
      },
    });
    [rig.source, rig.target] = [watch(rig.source), watch(rig.target)];
    for (const layer of ['one', 'two']) {
      await source.add(WIKI, [layer]);
      const { point } = await rig.sync({ retain: 1 });
      const drill = { relationship: SOURCE.relationship, pointId: point.id, cloneId: 'd1' };
      await imageDriver.clone(rig.target, target.volume, drill);
      await imageDriver.removeClones(rig.target, target.volume, { ...drill, keepCloneIds: [] });
      await imageDriver.rollback(rig.target, target.volume, drill);
    }
    expect(marks.size).toBeGreaterThan(2);
    expect([...marks].filter((mark) => mark === undefined || !ended.has(mark))).toEqual([]);
  });

  it('gives up being the primary, saying what it can not prevent, and becomes it again in a later epoch', async () => {
    await imageDriver.claim(rig.source, source.volume, SOURCE);
    const demoted = { ...TARGET, epoch: 2 };
    for (let time = 0; time < 2; time++) {
      const answer = await imageDriver.demote(rig.source, source.volume, demoted);
      expect(answer).toMatchObject({
        readOnly: false,
        whyNot: expect.stringContaining('; stop what pulls') as unknown,
      });
    }
    const promote = (epoch: number) => imageDriver.promote(rig.source, source.volume, { ...SOURCE, epoch });
    await expect(promote(2)).rejects.toMatchObject(fenced);
    await promote(3);
    await promote(3);
    await expect(imageDriver.demote(rig.source, source.volume, demoted)).rejects.toMatchObject(fenced);
  });

  it('that was replaced by another is noticed, until somebody approves of it', async () => {
    await imageDriver.claim(rig.target, target.volume, TARGET);
    await target.loseMeta();
    await expect(imageDriver.check(rig.target, target.volume, TARGET)).rejects.toMatchObject({
      type: 'NotMounted',
    });
    await imageDriver.claim(rig.target, target.volume, TARGET, { approved: true });
    await imageDriver.check(rig.target, target.volume, TARGET);
  });

  it('that is missing is made for a target alone, and never by looking', async () => {
    const root = join(target.folder, 'none');
    const volume: Volume = { kind: 'image', path: `podman:${root}` };
    const missing = { type: 'VolumeMissing' };
    expect(await imageDriver.inspect(rig.target, volume)).toMatchObject({ exists: false, empty: true });
    await expect(imageDriver.check(rig.target, volume, SOURCE)).rejects.toMatchObject(missing);
    await expect(imageDriver.promote(rig.target, volume, { ...SOURCE, epoch: 2 })).rejects.toMatchObject(
      missing,
    );
    await expect(stat(root)).rejects.toThrow('ENOENT');
    const unusable: Volume = { kind: 'image', path: 'podman:images' };
    await expect(imageDriver.inspect(rig.target, unusable)).rejects.toMatchObject({ type: 'InvalidSpec' });
    await imageDriver.claim(rig.target, volume, TARGET);
    await imageDriver.check(rig.target, volume, TARGET);
  });

  it('is frozen and kept by digest alone, and publishes nothing that has not landed', async () => {
    const request = { relationship: 'wiki', syncId: 'wiki-1', mover: { image: { names: [], used: false } } };
    for (const method of ['Direct', 'Clone'] as const) {
      const refused = imageDriver.capture(rig.source, source.volume, { ...request, method });
      await expect(refused).rejects.toMatchObject({
        type: 'UnsupportedCapture',
        details: { hint: expect.stringContaining('use copyMethod') as unknown },
      });
    }
    await imageDriver.claim(rig.target, target.volume, TARGET);
    const publish = { relationship: 'wiki', stamp: makeStamp(1) };
    const direct = imageDriver.publish(rig.target, target.volume, { ...publish, method: 'Direct' });
    await expect(direct).rejects.toMatchObject({ type: 'UnsupportedCapture' });
    const early = imageDriver.publish(rig.target, target.volume, { ...publish, method: 'Snapshot' });
    await expect(early).rejects.toMatchObject({ type: 'TransferInterrupted' });
    expect(await rig.points()).toEqual([]);
  });

  it('stays frozen while its names move on, and says so where an image was taken by force', async () => {
    const first = await source.add(WIKI, ['base', 'wiki']);
    await rig.claim();
    rig.next();
    const captured = await rig.capture();
    await source.remove(WIKI);
    await source.add(WIKI, ['base', 'wiki 2']);
    expect(await rig.capture()).toEqual(captured);
    const stats = await rig.transfer(captured);
    await rig.close();
    const point = await rig.publish(captured, stats);
    expect(await target.userNames()).toEqual({ [WIKI]: first });
    const at = { host: rig.target, volume: target.volume, driver: imageDriver };
    expect([...(await listPoint(at, point)).values()]).toEqual([
      { path: WIKI, type: 'image', bytes: expect.any(Number) as unknown, digest: `sha256:${first}` },
    ]);
    rig.next();
    const second = await rig.capture();
    await source.run('rmi', '--all', '--force');
    await expect(rig.transfer(second)).rejects.toThrow(errorOfType('SourceChanged'));
    expect(await target.userNames()).toEqual({ [WIKI]: first });
  });

  it('loses no more names than allowed unasked, whoever is asked', async () => {
    for (const name of [WIKI, BLOG]) await source.add(name, [name.replaceAll('/', '-')]);
    await rig.sync();
    const before = await target.userNames();
    await source.remove(BLOG);
    await expect(rig.sync({ maxDeletions: 0 })).rejects.toThrow(errorOfType('ApprovalRequired'));
    expect(await target.userNames()).toEqual(before);
    const { stats } = await rig.sync({ maxDeletions: 1 });
    expect(stats.filesDeleted).toBe(1);
    expect(Object.keys(await target.userNames())).toEqual([WIKI]);
  });

  it('never loses an image that was there without a name', async () => {
    const id = await target.add(WIKI, ['base', 'wiki']);
    await target.run('untag', id);
    await source.add(WIKI, ['base', 'wiki']);
    const { point } = await rig.sync();
    await source.remove(WIKI);
    await source.add(BLOG, ['blog']);
    await rig.sync();
    await rig.prune([point.id]);
    expect(await target.ids()).toContain(id);
  });

  it('tells damage by what the engine reads: a layer that differs, an image that is gone', async () => {
    await source.add(WIKI, ['base', 'wiki']);
    const { point } = await rig.sync();
    const layers = join(target.folder, 'root', 'vfs', 'dir');
    for (const layer of await readdir(layers)) {
      const file = join(layers, layer, 'wiki');
      if (await stat(file).catch(() => undefined)) await appendFile(file, 'damage');
    }
    expect(await rig.verify(point, { quick: true })).toMatchObject({ unexplained: 0 });
    expect((await rig.verify(point)).differences).toEqual([
      { path: WIKI, what: ['content'], changedSince: false },
    ]);
    await target.run('rmi', '--all', '--force');
    expect((await rig.verify(point)).differences).toEqual([
      { path: WIKI, what: ['missing'], changedSince: false },
    ]);
  });

  it('tells what the source changed since from damage', async () => {
    await source.add(WIKI, ['base', 'wiki']);
    const { point } = await rig.sync();
    await source.add(BLOG, ['blog']);
    const comparison = await rig.verify(point);
    expect(comparison).toMatchObject({ total: 1, unexplained: 0 });
    expect(comparison.differences).toEqual([{ path: BLOG, what: ['missing'], changedSince: true }]);
  });
});

describe('a landing of images', () => {
  const landing = (record?: string) =>
    makeLandingCommand({
      ...{ engine: 'podman', command: target.command, folder: target.meta, slug: 'wiki' },
      ...(record !== undefined && { record }),
    });

  it('answers its own requests and no others', async () => {
    const bad = [
      'rm -rf /',
      'load',
      'load ../../x y oci-manifest',
      `load ${'a'.repeat(64)} $(id) x`,
      'record',
      'check',
      '',
    ];
    for (const request of bad) {
      const { exitCode } = await rig.target.run(landing(), { stdin: `${request}\n` });
      expect([request, exitCode]).toEqual([request, BAD_REQUEST]);
    }
    for (const request of [`load ${'a'.repeat(64)} ${'a'.repeat(64)} x`, 'finish 0']) {
      const { exitCode } = await rig.target.run(landing('/etc/hostname'), { stdin: `${request}\n` });
      expect([request, exitCode]).toEqual([request, BAD_REQUEST]);
    }
  });

  it('is closed to others: another host key, no key, nobody there', async () => {
    await source.add(WIKI, ['wiki']);
    const other = await ImageRig.make(source, target);
    try {
      const elsewhere = rig.sync({ changeLanding: (given) => ({ ...given, port: other.service.port }) });
      await expect(elsewhere).rejects.toThrow(errorOfType('HostKeyMismatch'));
      const nowhere = rig.sync({ changeLanding: (given) => ({ ...given, port: 1 }) });
      await expect(nowhere).rejects.toThrow(errorOfType('HostUnreachable'));
      expect(await target.userNames()).toEqual({});
    } finally {
      await other.dispose();
    }
  });
});
