/** What a point of a repository was never to hold is told from what is missing, by restic's own meaning of the patterns. */
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { reachHere } from '../../src/movers/reach';
import { useRepositories } from '../support/rigs/repository-rig';

const stage = useRepositories();

/** Of what a point is said to lack, what it was never to hold. */
async function findOmitted(pointId: string, names: Record<string, string>) {
  const { driver, host, volume, source } = stage.rig;
  const missing = Object.entries(names).map(([path, type]) => ({ path, type }));
  const about = { relationship: 'wiki', pointId, source: reachHere(host, source), missing };
  const use = { relationship: 'wiki', target: 'repository', syncId: 'compare' };
  const found = await driver.findOmitted?.(host, volume, { ...about, use });
  return { paths: [...(found?.paths ?? [])].toSorted(), leftOut: found?.leftOut };
}

const exclude = (...resticExclude: string[]) => {
  const { volume } = stage.rig;
  stage.rig.volume = { ...volume, options: { ...volume.options, resticExclude } };
};

it('is what the patterns of the point leave out, of whatever type, and all that is in it', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  exclude('/cache', '*.tmp', '!kept.tmp');
  const { point } = await stage.rig.sync(1);
  // By the patterns that it was made with, whatever the spec says now.
  exclude('/page');
  const found = await findOmitted(point.id, {
    ...{ cache: 'd', 'cache/deep': 'd', 'cache/deep/link': 'L', 'page.tmp': 'f', 'deep/pipe.tmp': 'S' },
    ...{ 'deep/link.tmp': 'L', 'kept.tmp': 'f', page: 'f', 'deep/cache': 'd', 'deep/cache/link': 'L' },
    ...{ pipe: 'S', device: 'D' },
  });
  expect(found.paths).toEqual([
    ...['cache', 'cache/deep', 'cache/deep/link', 'deep/link.tmp', 'deep/pipe.tmp', 'page.tmp'],
  ]);
});

it('is everything where all that is missing was left out, and nothing where nothing was', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  exclude('*.tmp');
  const { point } = await stage.rig.sync(1);
  expect((await findOmitted(point.id, { 'a.tmp': 'f', 'deep/b.tmp': 'f' })).paths).toHaveLength(2);
  expect((await findOmitted(point.id, { a: 'f', 'deep/b': 'f', link: 'L', '-rf': 'f' })).paths).toEqual([]);
});

it('is a socket, which is named, and no pipe', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  const { point } = await stage.rig.sync(1);
  const server = createServer().listen(join(stage.rig.source, 'socket'));
  try {
    await mkdir(join(stage.rig.source, 'deep'));
    execFileSync('mkfifo', [join(stage.rig.source, 'deep', 'pipe')]);
    expect(await findOmitted(point.id, { socket: 'S', 'deep/pipe': 'S' })).toEqual({
      paths: ['socket'],
      leftOut: [{ reason: 'socket', count: 1, examples: ['socket'] }],
    });
  } finally {
    server.close();
  }
});

it('is never what restic might take, where names that are no text look alike to it', async () => {
  await writeFile(join(stage.rig.source, 'page'), 'one');
  exclude('*.tmp');
  const { point } = await stage.rig.sync(1);
  const bytes = (...values: number[]) => Buffer.from(values).toString('latin1');
  const found = await findOmitted(point.id, {
    [bytes(0x61, 0xff)]: 'f',
    [`${bytes(0x61, 0xff)}.tmp`]: 'f',
    [bytes(0xc3, 0xbc)]: 'f',
    'new\nline': 'f',
  });
  expect(found.paths).toEqual([`${bytes(0x61, 0xff)}.tmp`]);
});

it('does not depend on what the folders are called that lead to the source', async () => {
  await mkdir(join(stage.rig.source, 'deep', 'source'), { recursive: true });
  await writeFile(join(stage.rig.source, 'page'), 'one');
  await symlink(stage.rig.source, join(stage.folder, 'link'));
  exclude('source', '/page');
  const { point } = await stage.rig.sync(1, { from: join(stage.folder, 'link') });
  expect(point.files).toBe(2);
  expect((await findOmitted(point.id, { 'deep/source': 'd', page: 'f', deep: 'd' })).paths).toEqual(['page']);
  expect((await findOmitted(point.id, { 'deep/source': 'd', page: 'f' })).paths).toEqual([
    'deep/source',
    'page',
  ]);
});

it('says so where there is nothing that could be kept', async () => {
  await expect(stage.rig.sync(1)).rejects.toMatchObject({ type: 'UnsupportedCapture' });
});
