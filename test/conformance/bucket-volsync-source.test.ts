/** A bucket in VolSync's layout as a source: what its mover has written, by plain rclone and getfacl; and its mover in the middle. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { STORE_NAMES } from '../support/rigs/bucket-rig';
import { useVolSyncBuckets } from '../support/rigs/volsync-rig';
import { sample } from '../support/sample';
import { endSync, runSource, syncFiles, type VolSyncMover } from '../support/stores/volsync-mover';
import { describePermissions } from '../support/trees/describe-permissions';
import { SOURCE } from './volume-fixture';

jest.setTimeout(180_000);

describe.each(sample(STORE_NAMES, 1))('from a store that is %s', (store) => {
  const stage = useVolSyncBuckets(store);
  const { others, at, put } = stage;
  let theirs: VolSyncMover;
  const source = (...names: string[]) => join(theirs.volume, ...names);
  beforeEach(async () => {
    theirs = stage.mover('theirs');
    await mkdir(source('deep'), { recursive: true });
    await writeFile(source('page'), 'one');
    await writeFile(source('deep', 'Käse & Brot.'), 'two');
    await utimes(source('page'), 0, 1_234_567_890);
  });

  let sequence = 0;
  const capture = (host = stage.rig.host) => {
    const request = { relationship: 'wiki', syncId: `wiki-${++sequence}`, method: 'Snapshot' as const };
    return stage.rig.driver.capture(host, stage.rig.volume, request);
  };

  it('is the tree that they wrote: contents, modes, owners, ACLs, and times where the store keeps them', async () => {
    await chmod(source('page'), 0o4711);
    await chown(source('page'), 4711, 4712);
    await chmod(source('deep'), 0o2770);
    execFileSync('setfacl', ['-m', 'u:1234:rw,g:50000:x', source('deep')]);
    execFileSync('setfacl', ['-d', '-m', 'g:99:rx', source('deep')]);
    await runSource(theirs);
    const { driver, host, volume } = stage.rig;
    await driver.check(host, volume, SOURCE);
    const first = await capture();
    expect(describePermissions(first.path)).toEqual(describePermissions(theirs.volume));
    const keepsTimes = store !== 'WebDAV';
    const { mtimeMs } = await stat(join(first.path, 'page'));
    if (keepsTimes) expect(mtimeMs).toBe(1_234_567_890_000);
    await rm(source('deep', 'Käse & Brot.'));
    await writeFile(source('deep', 'new'), 'new');
    await chmod(source('page'), 0o600);
    await runSource(theirs);
    const second = await capture();
    expect(second.path).toBe(first.path);
    expect(describePermissions(second.path)).toEqual(describePermissions(theirs.volume));
    expect(Date.parse(second.capturedAt ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('is fetched where it is new, and otherwise looked at alone', async () => {
    await runSource(theirs);
    await capture();
    const commands: string[] = [];
    const host = {
      ...stage.rig.host,
      run: (argv: readonly string[], options?: object) => {
        if (argv[0] === 'rclone')
          commands.push(argv.find((word) => /^(copy|cat|lsjson)$/.test(word)) ?? 'other');
        return stage.rig.host.run(argv, options);
      },
    };
    await capture(host);
    expect(commands).toEqual(['lsjson', 'cat', 'lsjson']);
  });

  it('tells what their file names and the store has not', async () => {
    execFileSync('mkfifo', [source('pipe')]);
    await symlink('page', source('link'));
    await runSource(theirs);
    expect((await capture()).leftOut).toMatchObject([{ reason: 'absent', count: 1, examples: ['pipe'] }]);
  });

  it('is no source before their mover has finished, and says why', async () => {
    const { driver, host, volume } = stage.rig;
    await expect(driver.check(host, volume, SOURCE)).rejects.toMatchObject({
      type: 'NotReady',
      message: expect.stringContaining('there is no permissions.facl in it') as unknown,
    });
    await syncFiles(theirs);
    await expect(capture()).rejects.toMatchObject({ type: 'NotReady' });
    await endSync(theirs);
    expect(await readFile(join((await capture()).path, 'page'), 'utf8')).toBe('one');
  });

  it('is not taken while a writer that was killed has left files of two states', async () => {
    await runSource(theirs);
    await put('not-yet-told-of', 'x');
    await expect(capture()).rejects.toMatchObject({
      type: 'VolumeBusy',
      message: expect.stringContaining('not-yet-told-of') as unknown,
    });
    await runSource(theirs);
    expect(describePermissions((await capture()).path)).toEqual(describePermissions(theirs.volume));
  });

  it('is taken whole from a writer that writes while it is read, or not at all', async () => {
    await runSource(theirs);
    const { host } = stage.rig;
    let writes = 0;
    const disturbed = {
      ...host,
      run: async (argv: readonly string[], options?: object) => {
        const result = await host.run(argv, options);
        if (argv[0] === 'rclone' && argv.includes('copy') && writes++ < 2) {
          await writeFile(source('page'), 'x'.repeat(10 + writes));
          await writeFile(source(`more-${writes}`), 'x');
          await runSource(theirs);
        }
        return result;
      },
    };
    const { path } = await capture(disturbed);
    expect(writes).toBeGreaterThan(2);
    expect(describePermissions(path)).toEqual(describePermissions(theirs.volume));
    let never = 0;
    await writeFile(source('page'), 'busy');
    await runSource(theirs);
    const busy = {
      ...host,
      run: async (argv: readonly string[], options?: object) => {
        const result = await host.run(argv, options);
        if (argv[0] === 'rclone' && argv.includes('copy')) {
          await writeFile(source('page'), 'x'.repeat(50 + ++never));
          await runSource(theirs);
        }
        return result;
      },
    };
    await expect(capture(busy)).rejects.toMatchObject({
      type: 'VolumeBusy',
      message: expect.stringContaining('somebody wrote to it while it was read') as unknown,
    });
  });

  it('takes nothing of a file that leads out of its folder, or of one that is no list of permissions', async () => {
    await runSource(theirs);
    const good = await others('cat', at('permissions.facl'));
    const evil = good.replace('# file: data/page', '# file: data/../../../../etc/tidemark-test');
    await put('permissions.facl', evil);
    await expect(capture()).rejects.toMatchObject({ type: 'VerificationFailed' });
    await put('permissions.facl', 'nothing');
    await expect(capture()).rejects.toMatchObject({ type: 'VerificationFailed' });
    await put('permissions.facl', good);
    expect(describePermissions((await capture()).path)).toEqual(describePermissions(theirs.volume));
  });

  it('reads what Tidemark has written in that layout', async () => {
    const { rig } = stage;
    await writeFile(join(rig.source, 'page'), 'ours');
    await rig.sync(1);
    expect(describePermissions((await capture()).path)).toEqual(describePermissions(rig.source));
  });

  it('puts right what somebody did to the tree that it was fetched into', async () => {
    await runSource(theirs);
    const { path } = await capture();
    await writeFile(join(path, 'page'), 'eno');
    await rename(join(path, 'deep'), join(path, 'moved'));
    expect(describePermissions((await capture()).path)).toEqual(describePermissions(theirs.volume));
  });
});
