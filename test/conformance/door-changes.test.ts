/** What is changed of a door, or of its relationship, while it is open, or while its agent is away. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLAIM, DoorRig, ended, execute, waitFor } from '../support/rigs/door-rig';

let rig: DoorRig;
afterEach(() => rig.dispose());

const WELL = { code: 0, stderr: '' };

/** Who is let in. */
const knock = async (key: string) => {
  const { code, stderr } = await rig.ask(['shutdown', '0'], key);
  return code === 255 ? 'nobody' : stderr.includes('tidemark: ') ? 'somebody' : stderr;
};

describe('what is changed', () => {
  const keysPath = () => join(rig.folder, 'credentials/nas/authorized_keys');

  it('of who may push holds within seconds: another key is let in, and one that was taken out is not', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(rig.folder, 'other')]);
    expect([await knock('key'), await knock('other')]).toEqual(['somebody', 'nobody']);
    const other = await readFile(join(rig.folder, 'other.pub'), 'utf8');
    await writeFile(keysPath(), other);
    const until = (key: string, who: string) =>
      waitFor(`${key} is ${who}`, async () => ((await knock(key)) === who ? true : undefined));
    await until('other', 'somebody');
    expect(await knock('key')).toBe('nobody');
    // What can't be read lets nobody in, and the next sync says why.
    await writeFile(keysPath(), `${other}and nonsense\n`);
    await until('other', 'nobody');
    await expect(rig.claim()).rejects.toMatchObject({
      type: 'AuthRejected',
      message: expect.stringContaining('line 2 is no public key') as unknown,
    });
    await rm(keysPath());
    await expect(rig.claim()).rejects.toThrow('there is no file');
    await writeFile(keysPath(), await readFile(join(rig.folder, 'key.pub'), 'utf8'));
    await until('key', 'somebody');
  });

  it('of the host key holds within seconds too', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    expect(await knock('key')).toBe('somebody');
    const path = join(rig.folder, 'credentials/nas/host_key');
    for (let round = 0; round < 2; round++) {
      await rm(path, { force: true });
      await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
      const [, wanted] = (await readFile(`${path}.pub`, 'utf8')).split(' ');
      await waitFor('it shows itself by it', async () => {
        // Until it listens again, nobody answers.
        const asked = execute('ssh-keyscan', ['-p', String(rig.port), '127.0.0.1']);
        const { stdout } = await asked.catch(() => ({ stdout: '' }));
        return wanted !== undefined && stdout.includes(wanted) ? true : undefined;
      });
      await rm(`${path}.pub`);
    }
  });

  it('of its spec holds from the claim on, another folder by the same port too', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    const { driver, host, volume } = rig;
    const signalled = { ...volume, options: { ...volume.options, signal: 'volsync' as const } };
    await driver.claim(host, signalled, CLAIM);
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await expect(rig.capture(1)).rejects.toThrow('waits for the word that it is whole');
    expect(await rig.ask(['shutdown', '0'])).toEqual(WELL);
    // What is there by another folder of the same way is looked at before the one that there is makes way.
    const elsewhere = join(rig.folder, 'elsewhere');
    await mkdir(elsewhere);
    const moved = { ...volume, path: `ssh://127.0.0.1:${rig.port}${elsewhere}` };
    expect(await driver.inspect(host, moved, { examine: true })).toMatchObject({ problems: [] });
    await driver.disclaim(host, volume, 'wiki');
    await driver.claim(host, moved, CLAIM);
    // It has a host key of its own, where the user gives it none.
    await rm(join(rig.folder, 'known_hosts'));
    expect(await rig.push()).toEqual(WELL);
    expect(await readdir(elsewhere)).toEqual(['page']);
    await driver.disclaim(host, moved, 'wiki');
  });
});

describe('what became of its relationship while the agent was away', () => {
  const restart = async (whereabouts: DoorRig['whereabouts']) => {
    await rig.stopAgent();
    rig.whereabouts = whereabouts;
    await rig.startAgent();
  };

  it.each(['deleted', 'dropped'] as const)('is found as it comes back: %s, the door is gone', async (is) => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await restart({ is });
    await waitFor('it is closed', async () =>
      (await readdir(join(rig.host.home, 'doors'))).length === 0 ? true : undefined,
    );
    expect((await rig.push()).stderr).toContain('Connection refused');
    expect(await readdir(rig.pushed)).toEqual(['page']);
  });

  it('is told to whoever pushes where nobody has heard of it, and undone by the next claim', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await restart({ is: 'unheard-of' });
    await waitFor('it is told', async () =>
      (await rig.push()).stderr.includes('there is no relationship wiki any more') ? true : undefined,
    );
    await rig.claim();
    expect(await rig.push()).toEqual(WELL);
  });

  it('holds: what its spec says now, and that no sync reads there any more', async () => {
    rig = await DoorRig.make();
    await rig.claim();
    await writeFile(rig.at('page'), 'one');
    expect(await rig.push()).toEqual(WELL);
    await rig.capture(1);
    await mkdir(join(rig.folder, 'credentials/others'));
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(rig.folder, 'other')]);
    await execute('cp', [
      join(rig.folder, 'other.pub'),
      join(rig.folder, 'credentials/others/authorized_keys'),
    ]);
    const volume = { ...rig.volume, options: { credentials: 'others' } };
    await restart({ is: 'named', volume, isIdle: false });
    await waitFor('the new key is let in', async () =>
      (await knock('other')) === 'somebody' ? true : undefined,
    );
    expect(await knock('key')).toBe('nobody');
    const waiting = rig.begin([], '.', 'other');
    let told = '';
    waiting.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const done = ended(waiting);
    await waitFor('a sync still reads', () => (told.includes('being copied') ? true : undefined));
    await restart({ is: 'named', volume, isIdle: true });
    expect(await done).toMatchObject({ code: 0 });
  });
});
