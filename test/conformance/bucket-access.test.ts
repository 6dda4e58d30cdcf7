/** Stores that are away, slow, full, cut off in the middle, or that do not let anybody in; and those that encrypt. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reservePorts } from '../support/hosts/ports';
import { useBuckets } from '../support/rigs/bucket-rig';
import { type FaultyProxy, startFaultyProxy } from '../support/stores/faulty-proxy';
import { rclone, s3Config, writeConfig } from '../support/stores/rclone';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(180_000);

const stage = useBuckets('S3');
const credentials = (name: string, config: string) =>
  writeConfig(join(stage.folder, 'credentials'), name, config);
const use = (options: object, path = stage.rig.volume.path) =>
  (stage.rig.volume = { kind: 'bucket', path, options });
const source = (name: string) => join(stage.rig.source, name);

let proxy: FaultyProxy;
beforeAll(async () => {
  const [at = 0] = await reservePorts(1);
  proxy = await startFaultyProxy(stage.served?.port ?? 0, at);
  await credentials('slow', s3Config(proxy.url));
});
afterAll(() => proxy.stop());
beforeEach(() => {
  proxy.onRequest = () => undefined;
});

it.each([
  ['without credentials', {}, 'AuthRejected', 'nothing says what store is'],
  [
    'with credentials that are not there',
    { credentials: 'none' },
    'AuthRejected',
    'credentials none: there is no file',
  ],
  [
    'with credentials of another remote',
    { credentials: 'other' },
    'AuthRejected',
    'credentials other have no remote store',
  ],
  [
    'with keys that are refused',
    { credentials: 'bad' },
    'AuthRejected',
    'the store does not let this agent in',
  ],
  ['while it is away', { credentials: 'away' }, 'HostUnreachable', 'the store does not answer'],
])('%s a sync fails before anything is sent, and says why', async (_, options, type, message) => {
  await credentials('other', '[elsewhere]\ntype = s3\n');
  await credentials('bad', s3Config(`http://127.0.0.1:${stage.served?.port}`, { id: 'x', secret: 'y' }));
  await credentials('away', s3Config('http://127.0.0.1:9'));
  use(options);
  await writeFile(source('page'), 'one');
  await expect(stage.rig.send(1)).rejects.toMatchObject({
    type,
    message: expect.stringContaining(message) as unknown,
  });
});

it('with credentials that others may read, a sync fails, and says what to type', async () => {
  await credentials('open', stage.served?.config ?? '');
  execFileSync('chmod', ['644', join(stage.folder, 'credentials', 'open')]);
  use({ credentials: 'open' });
  await expect(stage.rig.send(1)).rejects.toMatchObject({
    type: 'AuthRejected',
    details: { hint: expect.stringContaining('chmod 600') as unknown },
  });
});

it('gets through where a store answers SlowDown to some requests, and takes its time with others', async () => {
  use({ credentials: 'slow' });
  await makeNastyTree(stage.rig.source);
  let count = 0;
  proxy.onRequest = () => {
    count++;
    if (count > 4 && count % 9 === 0) return { status: 503 };
    if (count > 4 && count % 11 === 0) return { status: 429 };
    return count % 7 === 0 ? { delayMs: 300 } : undefined;
  };
  const { point } = await stage.rig.sync(1);
  proxy.onRequest = () => undefined;
  await stage.rig.withTree(point.id, async (path) => {
    expect(await compareTrees(stage.rig.source, path)).toEqual([]);
  });
});

it('makes no point of what was cut off in the middle, and the next sync completes it', async () => {
  use({ credentials: 'slow' });
  await writeFile(source('page'), 'one');
  await stage.rig.sync(1);
  await writeFile(source('page'), 'two');
  for (let index = 0; index < 4; index++) await writeFile(source(`large-${index}`), randomBytes(2 ** 21));
  proxy.onRequest = (method, path) =>
    method === 'PUT' && path.includes('large-2') ? { cutAfterBytes: 2 ** 20 } : undefined;
  await expect(stage.rig.sync(2)).rejects.toMatchObject({ type: 'HostUnreachable' });
  expect(await stage.rig.points()).toEqual(['point-000001']);
  proxy.onRequest = () => undefined;
  const { point } = await stage.rig.sync(3);
  expect(await stage.rig.points()).toEqual(['point-000001', 'point-000003']);
  await stage.rig.withTree('point-000001', async (path) => {
    expect(execFileSync('ls', [path]).toString()).toBe('page\n');
    expect(execFileSync('cat', [join(path, 'page')]).toString()).toBe('one');
  });
  await stage.rig.withTree(point.id, async (path) =>
    expect(await compareTrees(stage.rig.source, path)).toEqual([]),
  );
});

it('keeps nothing readable in a store that is not trusted, and everything comes back', async () => {
  const secret = (await rclone(stage.folder, '', 'obscure', 'correct horse')).trim();
  const name = stage.rig.volume.path;
  await credentials(
    'locked',
    `${stage.served?.config}\n[locked]\ntype = crypt\nremote = ${name}\npassword = ${secret}\n`,
  );
  use({ credentials: 'locked' }, 'locked:wiki');
  await makeNastyTree(stage.rig.source);
  await writeFile(source('page'), 'nobody reads this');
  await stage.rig.sync(1);
  const { point } = await stage.rig.sync(2);
  await stage.rig.withTree(point.id, async (path) =>
    expect(await compareTrees(stage.rig.source, path)).toEqual([]),
  );
  const listed = await rclone(stage.folder, stage.served?.config ?? '', 'lsf', '-R', name);
  expect(listed).not.toContain('page');
  expect(listed).not.toContain('.tidemark');
});
