/** Recovery points over time: which are kept and why, and how they are brought back. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PointEntry } from '../../src/catalog/contract';
import type { RelationshipInput } from '../../src/model/spec';
import { compareTrees } from '../support/compare-trees';
import { TestSystem } from '../support/system';
import { applyAndSync, parse, parseError, syncWell, writeDocument, writeFiles } from '../support/user';

jest.setTimeout(120_000);

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const spec = (retain: RelationshipInput['spec']['retain']): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('wiki') },
  targets: [{ host: 'beta', directory: at('copies', 'wiki'), copyMethod: 'HardLink' }],
  retain,
});
const points = () => system.json<PointEntry[]>('points', 'wiki');
const sequences = async () => (await points()).map(({ id }) => Number(id.slice(-6)));
const trees = () => readdir(at('copies', '.tidemark', 'wiki', 'wiki', 'trees'));
const versionAt = (folder: string) => readFile(join(folder, 'version'), 'utf8');

async function writeVersion(version: number): Promise<void> {
  await writeFiles(at('wiki'), { version: String(version) });
}

beforeAll(async () => {
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
  await writeFiles(at('wiki'), { version: '1', constant: 'the same for ever' });
  await applyAndSync(system, 'wiki', spec({ last: 3, daily: 1 }));
  for (let version = 2; version <= 5; version++) {
    await writeVersion(version);
    await syncWell(system, 'wiki');
  }
});
afterAll(() => system.stop());

describe('retention', () => {
  it('keeps what the spec says and removes the rest, also from the disk', async () => {
    expect(await sequences()).toEqual([5, 4, 3]);
    expect(await trees()).toHaveLength(3);
  });

  it('is explained, point by point', async () => {
    const [newest, , oldest] = await points();
    expect(newest?.keptBecause).toEqual([
      'newest',
      'last 1',
      expect.stringMatching(/^daily \d{4}-\d\d-\d\d$/),
    ]);
    expect(oldest?.keptBecause).toEqual(['last 3']);
    const { stdout } = await system.cli(['points', 'wiki', '--explain']);
    const [head = '', ...lines] = stdout.trim().split('\n');
    expect(head).toContain('KEPT BECAUSE');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/newest, last 1, daily/);
    expect((await system.cli(['points', 'wiki'])).stdout).not.toContain('last 1');
  });

  it('costs nothing for a state that did not change: points share it', async () => {
    await syncWell(system, 'wiki');
    const found = await points();
    expect(found.map(({ id }) => Number(id.slice(-6)))).toEqual([6, 5, 4]);
    expect(found[0]?.identity).toBe(found[1]?.identity);
    expect(await trees()).toHaveLength(2);
  });

  it('follows a changed spec with the next sync, in either direction', async () => {
    await system.apply(writeDocument('wiki', spec({ last: 1 })));
    await syncWell(system, 'wiki');
    expect(await sequences()).toEqual([7]);
    await system.apply(writeDocument('wiki', spec({ within: '1d' })));
    for (let version = 6; version <= 8; version++) {
      await writeVersion(version);
      await syncWell(system, 'wiki');
    }
    expect(await sequences()).toEqual([10, 9, 8, 7]);
    expect((await points()).at(-1)?.keptBecause).toEqual(['within 1d']);
  });
});

describe('restore', () => {
  const restore = (point: string, to: string, ...options: string[]) =>
    system.cli(['restore', 'wiki', '--point', point, '--to', to, '-o', 'json', ...options]);

  it('brings any point to any host: the target, the source, or a third', async () => {
    const found = await points();
    for (const [index, host] of ['alpha', 'beta', 'gamma'].entries()) {
      const to = at('restored', host);
      const ran = await restore(found[index]?.id ?? '', `${host}:${to}`);
      expect(parse(ran)).toMatchObject({
        relationship: 'wiki',
        pointId: found[index]?.id,
        to: { host, path: to },
        files: 3,
      });
      expect(await versionAt(to)).toBe(String(8 - index));
    }
  });

  it('refuses a folder that is not empty, and leaves it as it was', async () => {
    await writeFiles(at('full'), { mine: 'mine' });
    const ran = await restore('latest', `gamma:${at('full')}`);
    expect(ran.exitCode).toBe(1);
    expect(parseError(ran)).toMatchObject({
      type: 'Diverged',
      hint: expect.stringContaining('--overwrite') as unknown,
    });
    expect(await readdir(at('full'))).toEqual(['mine']);
  });

  it('makes such a folder exactly the point with --overwrite', async () => {
    expect((await restore('latest', `gamma:${at('full')}`, '--overwrite')).exitCode).toBe(0);
    expect(await compareTrees(at('wiki'), at('full'))).toEqual([]);
  });

  it('takes an empty folder as it is', async () => {
    await mkdir(at('empty'));
    expect((await restore('latest', `alpha:${at('empty')}`)).exitCode).toBe(0);
    expect(await versionAt(at('empty'))).toBe('8');
  });

  it('says which points there are where the one asked for is not', async () => {
    const ran = await restore('20200101T000000Z-000001', `alpha:${at('nowhere')}`);
    expect(ran.exitCode).toBe(1);
    expect(parseError(ran)).toMatchObject({
      type: 'VolumeMissing',
      message: 'there is no recovery point 20200101T000000Z-000001',
      hint: 'tidemark points wiki lists what there is',
    });
    await expect(readdir(at('nowhere'))).rejects.toThrow('ENOENT');
  });

  it('works while the relationship is paused: that is when one wants to', async () => {
    await system.cli(['pause', 'wiki']);
    expect((await restore('latest', `alpha:${at('paused')}`)).exitCode).toBe(0);
    await system.cli(['resume', 'wiki']);
  });
});
