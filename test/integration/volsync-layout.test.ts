/** A bucket in VolSync's layout, in whole relationships: written, read by VolSync, verified, restored, and read as a source. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifyResult } from '../../src/api/messages';
import type { PointEntry } from '../../src/catalog/contract';
import type { RelationshipSummary } from '../../src/model/summary';
import { reservePorts } from '../support/hosts/ports';
import { type Served, addRcloneToPath, rclone, serveS3, writeConfig } from '../support/stores/rclone';
import { runDestination, runSource } from '../support/stores/volsync-mover';
import { untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, syncNow, syncWell, writeDocument } from '../support/system/user';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(300_000);

let folder: string;
let system: TestSystem;
let store: Served;
const at = (...names: string[]) => join(folder, ...names);
const REMOTE = 'store:company/wiki';
const target = { bucket: REMOTE, credentials: 'wiki', layout: 'volsync' as const };
const getfacl = (path: string) =>
  execFileSync('getfacl', ['-n', path, join(path, 'page')], { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .replaceAll(/# file: .*/g, '');

beforeAll(async () => {
  addRcloneToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-volsync-layout-'));
  store = await serveS3(at('served'), (await reservePorts(1))[0] ?? 0);
  await writeConfig(at('credentials'), 'wiki', store.config);
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { alpha: { options }, beta: { options } } });
  await makeNastyTree(at('source'));
  await writeFile(at('source', 'page'), 'one');
  await chmod(at('source', 'page'), 0o640);
  execFileSync('setfacl', ['-m', 'u:1234:rw', at('source', 'page')]);
});
afterAll(async () => {
  await system?.stop();
  await store?.stop();
  await rm(folder, { recursive: true, force: true });
});

const untilResult = (name: string, wanted: 'failed' | 'succeeded') =>
  untilStatus(system, name, `its last sync has ${wanted}`, ({ targets }) => targets[0]?.result === wanted);

it('is written for VolSync, tells what it leaves out, and has one point', async () => {
  const spec = { source: { host: 'alpha', directory: at('source') }, targets: [target] };
  const record = await applyAndSync(system, 'wiki', spec);
  expect(record.targets[0]).toMatchObject({ result: 'succeeded' });
  const theirs = { volume: at('theirs', 'data'), remote: REMOTE, config: store.config };
  await runDestination(theirs);
  expect(await readFile(join(theirs.volume, 'page'), 'utf8')).toBe('one');
  expect(getfacl(theirs.volume)).toBe(getfacl(at('source')));
  await writeFile(at('source', 'page'), 'second');
  await syncWell(system, 'wiki');
  expect(await system.points('wiki')).toMatchObject([{ method: 'Direct' }]);
});

it('is verified: equal in what the layout keeps, and the rest is named as left out', async () => {
  const result = await system.json<VerifyResult>('verify', 'wiki', '--target', 'bucket');
  expect({ ...result, leftOut: [] }).toMatchObject({ equal: true, totalDifferences: 0 });
  expect(result.leftOut.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(['symlink', 'hardlink', 'xattr', 'pipe', 'name']),
  );
});

it('is found to be other than its source where it is', async () => {
  await writeFile(at('stranger'), 'x');
  await rclone(folder, store.config, 'copyto', at('stranger'), `${REMOTE}/stranger`);
  const refused = await system.cli(['verify', 'wiki', '--target', 'bucket']);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('of no sync');
  await syncWell(system, 'wiki');
  expect(await rclone(folder, store.config, 'lsf', REMOTE)).not.toContain('stranger');
});

it('is restored from, by another host', async () => {
  const args = ['restore', 'wiki', '--target', 'bucket', '--point', 'latest', '--to', `beta:${at('found')}`];
  expect(await system.cli([...args, '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await readFile(at('found', 'page'), 'utf8')).toBe('second');
  expect(getfacl(at('found'))).toBe(getfacl(at('source')));
});

it('whose writer is killed in the middle is said not to be whole, by points and get, until a sync completes it', async () => {
  const spec = {
    source: { host: 'alpha', directory: at('source') },
    targets: [{ ...target, bandwidthLimit: '1MiB' }],
  };
  await applyAndSync(system, 'wiki', spec);
  const torn = async () => [
    ...(await system.json<PointEntry[]>('points', 'wiki')).map((point) => point.torn),
    ...(await system.json<RelationshipSummary>('get', 'wiki')).targets.map((each) => each.torn),
  ];
  expect(await torn()).toEqual([false, false]);
  await writeFile(at('source', 'large'), randomBytes(2 ** 23));
  await system.cli(['sync', 'wiki']);
  await eventually('its writer is in the middle', async () => {
    const keys = await rclone(folder, store.config, 'lsf', REMOTE);
    return keys.includes('permissions.facl') ? undefined : true;
  });
  await system.kill('agent:alpha');
  await untilResult('wiki', 'failed');
  expect(await torn()).toEqual([true, true]);
  expect((await system.cli(['points', 'wiki'])).stdout).toContain('NOT WHOLE?');
  expect((await system.cli(['get', 'wiki'])).stdout).toContain('may be of two states');
  const refused = await system.cli([
    ...['restore', 'wiki', '--target', 'bucket', '--point', 'latest', '--yes'],
    ...['--to', `beta:${at('of-two-states')}`],
  ]);
  expect(refused.stderr).toContain('of two states');
  system.launch('agent:alpha');
  await untilResult('wiki', 'succeeded');
  expect(await torn()).toEqual([false, false]);
  const theirs = { volume: at('completed', 'data'), remote: REMOTE, config: store.config };
  await runDestination(theirs);
  const completed = await readFile(join(theirs.volume, 'large'));
  expect(completed.equals(await readFile(at('source', 'large')))).toBe(true);
});

it('is read as a source, whoever wrote it; and without permissions.facl the target stays as it was', async () => {
  const source = { host: 'beta', ...target, bucket: 'store:company/shop' };
  const theirs = { volume: at('shop', 'data'), remote: 'store:company/shop', config: store.config };
  execFileSync('mkdir', ['-p', theirs.volume]);
  await writeFile(join(theirs.volume, 'page'), 'of the cluster');
  await chmod(join(theirs.volume, 'page'), 0o4755);
  await runSource(theirs);
  const spec = { source, targets: [{ host: 'beta', directory: at('copy') }] };
  const record = await applyAndSync(system, 'shop', spec);
  expect(record.targets[0]).toMatchObject({ result: 'succeeded' });
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('of the cluster');
  expect(getfacl(at('copy'))).toBe(getfacl(theirs.volume));
  await rclone(folder, store.config, 'deletefile', 'store:company/shop/permissions.facl');
  const failed = await syncNow(system, 'shop');
  expect(failed.targets[0]?.failure).toMatchObject({ type: 'NotReady' });
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('of the cluster');
});

it('whose reader is killed in the middle leaves the target as it was, and is read again once that is back', async () => {
  const theirs = { volume: at('shop', 'data'), remote: 'store:company/shop', config: store.config };
  await writeFile(join(theirs.volume, 'page'), 'newer');
  await writeFile(join(theirs.volume, 'large'), randomBytes(2 ** 23));
  await runSource(theirs);
  const source = { host: 'beta', ...target, bucket: 'store:company/shop', bandwidthLimit: '1MiB' };
  const document = writeDocument('shop', { source, targets: [{ host: 'beta', directory: at('copy') }] });
  expect(await system.cli(['apply', '-f', '-'], { stdin: document })).toMatchObject({ exitCode: 0 });
  await system.cli(['sync', 'shop']);
  const isFetching = () =>
    execFileSync('ps', ['-eo', 'args'])
      .toString()
      .split('\n')
      .some((args) => /^\S*rclone .*company\/shop/.test(args));
  await eventually('its reader is in the middle', async () => (isFetching() ? true : undefined));
  await system.kill('agent:beta');
  await untilResult('shop', 'failed');
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('of the cluster');
  expect(await readdir(at('copy'))).not.toContain('large');
  system.launch('agent:beta');
  await untilResult('shop', 'succeeded');
  expect(await readFile(at('copy', 'page'), 'utf8')).toBe('newer');
  const copied = await readFile(at('copy', 'large'));
  expect(copied.equals(await readFile(join(theirs.volume, 'large')))).toBe(true);
});
