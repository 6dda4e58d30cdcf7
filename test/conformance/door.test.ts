/** A folder that somebody else pushes to, by plain rsync and ssh: what they may do there, and when what they push is read. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { CLAIM, DoorRig, ended, execute, run, waitFor } from '../support/rigs/door-rig';
import { TestFilesystem } from '../support/storage/filesystems';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

let rig: DoorRig;
afterEach(() => rig.dispose());

const WELL = { code: 0, stderr: '' };

describe('a push', () => {
  it('that ended well is read, as old as it is, and a sync is asked for', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await expect(rig.capture(1)).rejects.toMatchObject({
      type: 'PushAwaited',
      message: expect.stringContaining('nobody has pushed') as unknown,
      details: { hint: expect.stringMatching(/and pins: \[127\.0\.0\.1\]:\d+ ssh-ed25519 AAAA/) as unknown },
    });
    await makeNastyTree(rig.at('tree'));
    const before = new Date().toISOString();
    expect(await rig.push()).toMatchObject({ code: 0 });
    await waitFor('the agent hears of it', () => (rig.due.length > 0 ? true : undefined));
    const capture = await rig.capture(1);
    expect((capture.capturedAt ?? '') >= before).toBe(true);
    expect(capture).toMatchObject({ live: false, path: rig.pushed });
    expect(await compareTrees(rig.at(''), capture.path)).toEqual([]);
    await rig.release();
    expect(rig.due).toEqual(['wiki']);
    expect((await rig.capture(2)).capturedAt).toBe(capture.capturedAt);
  });

  it('waits while what is there is read, and goes on by itself', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await rig.capture(1);
    await writeFile(rig.at('page'), 'second');
    const pushing = rig.begin();
    let told = '';
    pushing.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const done = ended(pushing);
    await waitFor('it is told to wait', () => (told.includes('being copied') ? true : undefined));
    // A new life of the agent knows that a sync reads.
    await rig.stopAgent();
    await rig.startAgent();
    await rig.claim();
    expect(await readFile(join(rig.pushed, 'page'), 'utf8')).toBe('one');
    await rig.release();
    expect(await done).toMatchObject({ code: 0 });
    expect(await readFile(join(rig.pushed, 'page'), 'utf8')).toBe('second');
  });

  it.each(['btrfs', 'xfs'] as const)('does not wait where what was there is frozen, on %s', async (kind) => {
    const filesystem = await TestFilesystem.make(kind);
    try {
      rig = await DoorRig.make({}, join(filesystem.mountPoint, 'wiki'));
      await rig.claim();
      await writeFile(rig.at('page'), 'one');
      expect(await rig.push()).toEqual(WELL);
      const capture = await rig.capture(1, 'Clone');
      await writeFile(rig.at('page'), 'second');
      expect(await rig.push()).toEqual(WELL);
      expect(await readFile(join(capture.path, 'page'), 'utf8')).toBe('one');
      // Asked for again, as after an agent was killed, it is the same state.
      expect(await rig.capture(1, 'Clone')).toEqual(capture);
      expect(await readFile(join(capture.path, 'page'), 'utf8')).toBe('one');
      await rig.release();
      expect(await rig.capture(2, 'Clone')).not.toMatchObject({ capturedAt: capture.capturedAt });
      await rig.stopAgent();
    } finally {
      await filesystem.dispose();
    }
  });

  it('into a folder beside which nothing can be kept is refused', async () => {
    const filesystem = await TestFilesystem.make('tmpfs');
    try {
      rig = await DoorRig.make({}, filesystem.mountPoint);
      await expect(rig.claim()).rejects.toThrow('nothing can be kept beside');
    } finally {
      await filesystem.dispose();
    }
  });

  it('that broke is not read, and the next one mends it', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await rig.capture(1);
    await rig.release();
    await writeFile(rig.at('big'), randomBytes(2 ** 22));
    const pushing = rig.begin(['--bwlimit=500']);
    await waitFor('it writes', async () =>
      (await readdir(rig.pushed)).some((name) => name.startsWith('.big')) ? true : undefined,
    );
    await expect(rig.capture(2)).rejects.toMatchObject({
      type: 'PushAwaited',
      message: expect.stringContaining('a push is under way, since') as unknown,
    });
    pushing.kill('SIGKILL');
    await waitFor('its other end is gone', async () => {
      const { message } = await rig.capture(2).then(
        () => ({ message: 'it was read' }),
        (error: Error) => error,
      );
      return message.includes('under way') ? undefined : message;
    }).then((message) => expect(message).toMatch(/broken off|without success: rsync says/));
    expect(await rig.push()).toEqual(WELL);
    expect(await compareTrees(rig.at(''), (await rig.capture(2)).path)).toEqual([]);
  });

  it('whose other end was killed is not read either', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('big'), randomBytes(2 ** 22));
    const done = rig.push(['--bwlimit=500']);
    await waitFor('it writes', async () =>
      (await readdir(rig.pushed)).some((name) => name.startsWith('.big')) ? true : undefined,
    );
    const [door = ''] = await readdir(join(rig.host.home, 'doors'));
    expect(await rig.host.endAttempts(`door:${join(rig.host.home, 'doors', door)}`)).toBeGreaterThan(2);
    expect((await done).code).not.toBe(0);
    await expect(rig.capture(1)).rejects.toThrow(/broken off|without success/);
  });

  it('that did not do all that it was to is not whole', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await rig.capture(1);
    await rig.release();
    await rm(rig.at('page'));
    expect((await rig.push(['--max-delete=0'])).code).toBe(25);
    await expect(rig.capture(2)).rejects.toThrow('without success: rsync says 25');
  });

  it('that only looks changes nothing', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    const { capturedAt } = await rig.capture(1);
    await writeFile(rig.at('page'), 'second');
    expect(await rig.push(['--dry-run', '-i'])).toEqual(WELL);
    expect((await rig.capture(2)).capturedAt).toBe(capturedAt);
    expect(await readFile(join(rig.pushed, 'page'), 'utf8')).toBe('one');
  });

  it('is not taken where the folder is not the one that it was', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await rm(join(rig.folder, 'incoming'), { recursive: true });
    await mkdir(rig.pushed, { recursive: true });
    await writeFile(rig.at('page'), 'one');
    expect((await rig.push()).stderr).toContain('is not there, or not mounted: nothing was written');
    expect(await readdir(rig.pushed)).toEqual([]);
  });
});

describe('VolSync', () => {
  it('says by its signal, and by that alone, that a push is whole', async () => {
    rig = await DoorRig.make({ signal: 'volsync' });
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect((await rig.ask(['shutdown', '0'])).stderr).toContain('no push that ended well waits');
    expect(await rig.pushAsVolsync(false)).toMatchObject({ code: 0 });
    await expect(rig.capture(1)).rejects.toThrow('waits for the word that it is whole');
    expect(rig.due).toEqual([]);
    expect(await rig.pushAsVolsync()).toEqual(WELL);
    const { capturedAt } = await rig.capture(1);
    // Whose answer was lost, it is asked for once more.
    expect(await rig.ask(['shutdown', '0'])).toEqual(WELL);
    expect((await rig.capture(2)).capturedAt).toBe(capturedAt);
  });
});

describe('whoever has the key', () => {
  it('runs nothing else, reads nothing, and writes nowhere else', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    const outside = join(rig.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'untouched');
    await writeFile(rig.at('page'), 'one');
    for (const command of [
      [],
      ['id'],
      ['shutdown', '0'],
      ['sh', '-c', `'touch ${outside}/x'`],
      ['rsync', '--daemon'],
    ])
      expect(await rig.ask(command)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('tidemark: ') as unknown,
      });
    const refused = [
      ['--remove-source-files', '.'],
      ['--temp-dir=../../outside', '.'],
      ['--partial-dir=../../outside', '.'],
      ['--backup', '.'],
      [`--link-dest=${outside}`, '.'],
      ['--keep-dirlinks', '.'],
      ['--relative', '.'],
      ['--secluded-args', '.'],
      ['--rsync-path=rsync --log-file=/tmp/x', '.'],
      ['--archive', outside],
      ['--archive', '../../outside'],
      ['--archive', 'inside'],
    ] as const;
    for (const [option, to] of refused) {
      const ran = await rig.push([option], to);
      expect([option, ran.code === 0, ran.stderr]).toEqual([
        option,
        false,
        expect.stringContaining('tidemark: '),
      ]);
    }
    const back = await run('rsync', [
      '-a',
      '-e',
      rig.ssh().join(' '),
      `${rig.account}:.`,
      join(rig.folder, 'back'),
    ]);
    expect(back.stderr).toContain('nothing is read from here');
    expect(await readdir(outside)).toEqual(['file']);
    expect(await readdir(rig.pushed)).toEqual([]);
  });

  it('comes nowhere by links that were pushed', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    const outside = join(rig.folder, 'outside');
    await mkdir(outside);
    await symlink(outside, rig.at('way'));
    expect(await rig.push()).toEqual(WELL);
    await rig.capture(1);
    await rig.release();
    await rm(rig.at('way'));
    await mkdir(rig.at('way'));
    await writeFile(rig.at('way/file'), 'x');
    expect(await rig.push(['--inplace'])).toEqual(WELL);
    expect(await readdir(outside)).toEqual([]);
    expect(await compareTrees(rig.at(''), rig.pushed)).toEqual([]);
  });

  it('says nothing of whose the folder is', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await mkdir(rig.at('.tidemark'));
    const lie = { version: 1, claims: { other: { relationship: 'other', epoch: 9, role: 'target' } } };
    await writeFile(rig.at('.tidemark/state.json'), JSON.stringify(lie));
    expect(await rig.push()).toEqual(WELL);
    await rig.claim();
    expect(await rig.capture(1)).toMatchObject({ path: rig.pushed });
  });

  it('is nobody else: another key is not let in', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(rig.folder, 'other')]);
    expect((await rig.ask(['shutdown', '0'], 'other')).stderr).toContain('Permission denied (publickey)');
  });
});

describe('a door', () => {
  it('makes a key for whoever pushes where the spec names none, and says where it is', async () => {
    rig = await DoorRig.make({});
    const volume = { ...rig.volume, options: {} };
    await rig.driver.claim(rig.host, volume, CLAIM);
    const request = { relationship: 'wiki', syncId: 'wiki-1', method: 'Direct' } as const;
    const error = await rig.driver.capture(rig.host, volume, request).catch((thrown: unknown) => thrown);
    const [, key = ''] =
      /its private key is (\S+);/.exec(JSON.stringify((error as { details: object }).details)) ?? [];
    await execute('cp', ['-p', key, join(rig.folder, 'key')]);
    await rm(join(rig.folder, 'key.pub'));
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
  });

  it('is open again with the next life of its agent, which tells of what was pushed and not read', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await rig.stopAgent();
    await writeFile(rig.at('page'), 'one');
    expect((await rig.push()).code).not.toBe(0);
    await rig.startAgent();
    await waitFor('it is open', async () => ((await rig.push()).code === 0 ? true : undefined));
    await waitFor('it tells of it', () => (rig.due.length > 0 ? true : undefined));
    await rig.stopAgent();
    await rig.startAgent();
    await waitFor('it tells of it again', () => (rig.due.length > 1 ? true : undefined));
  });

  it('refuses in words after a failover, and opens again where that was undone', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    const later = { ...CLAIM, epoch: 2, role: 'target' } as const;
    expect(await rig.driver.demote(rig.host, rig.volume, later)).toEqual({ readOnly: true });
    expect((await rig.push()).stderr).toContain('wiki has failed over to a copy of this');
    await expect(rig.claim()).rejects.toMatchObject({ type: 'Fenced' });
    await rig.driver.promote(rig.host, rig.volume, { ...CLAIM, epoch: 3 });
    expect(await rig.push()).toEqual(WELL);
  });

  it('is gone with its relationship, and what was pushed stays', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await rig.driver.disclaim(rig.host, rig.volume, 'wiki');
    expect((await rig.push()).stderr).toContain('Connection refused');
    expect(await readdir(join(rig.host.home, 'doors'))).toEqual([]);
    expect(await readdir(rig.pushed)).toEqual(['page']);
  });

  it('is refused with every reason at once', async () => {
    rig = await DoorRig.make();
    const { host, driver } = rig;
    await rig.claim();
    await mkdir(join(rig.pushed, 'inside'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const path = `ssh://127.0.0.1:${port}${rig.pushed}/inside`;
    const other = { kind: 'peer', path, options: { credentials: 'none' } } as const;
    const { problems = [] } = await driver.inspect(host, other, { examine: true });
    server.close();
    expect(problems).toEqual([
      expect.stringMatching(/nobody can listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE/),
      expect.stringMatching(/credentials none: there is no file .*authorized_keys/),
    ]);
    await expect(driver.check(host, other, { ...CLAIM, relationship: 'other' })).rejects.toThrow(
      /is a door of wiki/,
    );
    const elsewhere = join(rig.folder, 'elsewhere');
    await mkdir(elsewhere);
    const same = { kind: 'peer', path: `ssh://127.0.0.1:${rig.port}${elsewhere}` } as const;
    await expect(driver.check(host, same, { ...CLAIM, relationship: 'other' })).rejects.toThrow(
      /is a door of wiki/,
    );
    const home = { kind: 'peer', path: `ssh://127.0.0.1:1${host.home}` } as const;
    await expect(driver.check(host, home, CLAIM)).rejects.toThrow(/agent's own state/);
    const system = { kind: 'peer', path: 'ssh://127.0.0.1:1/etc/ssh' } as const;
    await expect(driver.check(host, system, CLAIM)).rejects.toThrow(/belongs to the operating system/);
    expect(existsSync('/etc/.tidemark')).toBe(false);
  });
});
