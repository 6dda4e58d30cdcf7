/** A repository is read back in parts, when that is due: damage is told, with what is damaged, until it is mended. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { useRepositories } from '../support/rigs/repository-rig';
import { damagePack } from '../support/stores/restic';

const stage = useRepositories();

const withOptions = (options: Record<string, string>) => {
  const { volume } = stage.rig;
  stage.rig.volume = { ...volume, options: { ...volume.options, ...options } };
};

const isDue = () => stage.rig.driver.isExaminationDue?.(stage.rig.host, stage.rig.volume);

/** Examines it; answers what restic was called with. */
async function examine(): Promise<string[]> {
  const { driver, host, volume } = stage.rig;
  const said: string[] = [];
  const run: Host['run'] = (argv, options) => {
    said.push(argv.join(' '));
    return host.run(argv, options);
  };
  await driver.examine?.({ ...host, run }, volume, new AbortController().signal);
  return said;
}

/** As if so many hours had passed since it was looked at. */
async function passHours(hours: number): Promise<void> {
  const folder = join(stage.rig.host.home, 'repositories');
  const [name = ''] = await readdir(folder);
  const notes = JSON.parse(await readFile(join(folder, name), 'utf8')) as { checkedAt: string };
  const checkedAt = new Date(Date.parse(notes.checkedAt) - hours * 3_600_000).toISOString();
  await writeFile(join(folder, name), JSON.stringify({ ...notes, checkedAt }));
}

it('is due when the spec says so, counted from the first sync on', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  expect(await isDue()).toBe(false);
  withOptions({ checkEvery: '7d' });
  expect(await isDue()).toBe(false);
  await passHours(7 * 24 + 1);
  expect(await isDue()).toBe(true);
  await examine();
  expect(await isDue()).toBe(false);
});

it('reads the next part each time, until all was read', async () => {
  withOptions({ checkShare: '50%' });
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  const parts = [];
  for (let round = 0; round < 3; round++) {
    const [said = ''] = await examine();
    parts.push(/--read-data-subset=(\S+)/.exec(said)?.[1]);
  }
  expect(parts).toEqual(['1/2', '2/2', '1/2']);
});

it('tells what is damaged, again without reading it, and no more once it is mended', async () => {
  withOptions({ checkEvery: '7d', checkShare: '100%' });
  await writeFile(join(stage.rig.source, 'big'), randomBytes(2 ** 20));
  await stage.rig.sync(1);
  const { pack, mend } = await damagePack(stage.rig.volume.path);
  const damaged = {
    type: 'VerificationFailed',
    message: `the repository is damaged: 1 of its packs can't be read back: ${pack}`,
    details: {
      hint: expect.stringContaining(`restic repair packs ${pack}, then restic repair snapshots`) as unknown,
      toolMessage: expect.stringContaining('repository contains errors') as unknown,
    },
  };
  await expect(examine()).rejects.toMatchObject(damaged);
  expect(await isDue()).toBe(true);
  await mend();
  // It is not read again before an hour has passed.
  await expect(examine()).rejects.toMatchObject(damaged);
  await passHours(1);
  expect(await examine()).toHaveLength(1);
  expect(await isDue()).toBe(false);
});

it('is not called damaged where it could not be read', async () => {
  withOptions({ checkShare: '100%' });
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await stage.rig.sync(1);
  withOptions({ checkShare: '100%', credentials: 'bad' });
  await expect(examine()).rejects.toMatchObject({ type: 'AuthRejected' });
  withOptions({ checkShare: '100%', credentials: 'good' });
  expect(await examine()).toHaveLength(1);
});
