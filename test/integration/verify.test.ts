/** `tidemark verify` compares a recovery point with the source, by checksum, and names each difference. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VerifyResult } from '../../src/api/messages';
import { eventually, TestSystem } from '../support/system/system';

let system: TestSystem;
let source: string;
let tree: string;

async function newestTree(): Promise<string> {
  const [newest] = await system.points('checked');
  const meta = join(system.folder, 'data', '.tidemark', 'copy', 'checked');
  const { tree: id } = JSON.parse(readFileSync(join(meta, 'points', `${newest?.id}.json`), 'utf8')) as {
    tree: string;
  };
  return join(meta, 'trees', id);
}

async function verify(): Promise<{ exitCode: number; result: VerifyResult }> {
  const { exitCode, stdout, stderr } = await system.cli(['verify', 'checked', '-o', 'json']);
  if (!stdout) throw new Error(stderr);
  return { exitCode, result: JSON.parse(stdout) as VerifyResult };
}

const differencesAt = ({ differences }: VerifyResult, path: string) =>
  differences.find((each) => each.path.endsWith(path));

beforeAll(async () => {
  system = await TestSystem.start();
  source = join(system.folder, 'source');
  await mkdir(source);
  await mkdir(join(system.folder, 'data'));
  for (const name of ['content', 'mode', 'owner', 'xattr', 'acl', 'changed', 'same']) {
    await writeFile(join(source, name), `what is in ${name}`);
  }
  for (const name of ['album/one', 'album/two', 'kept/one', 'kept/two', 'replaced/one']) {
    await mkdir(dirname(join(source, name)), { recursive: true });
    await writeFile(join(source, name), `what is in ${name}`);
  }
  execFileSync('setfattr', ['-n', 'user.colour', '-v', 'blue', join(source, 'xattr')]);
  execFileSync('setfacl', ['-m', 'u:12345:r', join(source, 'acl')]);
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: checked }
spec:
  source: { host: alpha, directory: ${source} }
  targets: [{ host: beta, directory: ${join(system.folder, 'data', 'copy')}, copyMethod: HardLink }]
`);
  await eventually('the first sync is through', async () => {
    const { lastSync, operation } = await system.status('checked');
    return lastSync && !operation ? true : undefined;
  });
  tree = await newestTree();
}, 120_000);

afterAll(() => system.stop(), 60_000);

test('a point that is as it was captured is equal, and says from then on when it was verified', async () => {
  const { exitCode, result } = await verify();
  expect(exitCode).toBe(0);
  expect(result).toMatchObject({ relationship: 'checked', target: 'beta', equal: true, totalDifferences: 0 });
  const [newest] = await system.points('checked');
  expect(newest?.verified).toBe(result.verifiedAt);
});

test('what the source changed since is told apart from damage', async () => {
  await writeFile(join(source, 'changed'), 'something else entirely');
  await writeFile(join(source, 'added'), 'new');
  const { exitCode, result } = await verify();
  expect(exitCode).toBe(0);
  expect(result.equal).toBe(true);
  expect(differencesAt(result, 'changed')?.changedSince).toBe(true);
  expect(differencesAt(result, 'added')).toMatchObject({ what: ['missing'], changedSince: true });
});

test('what came and went with a folder that was renamed is changed, also where that folder was written to', async () => {
  await rm(join(source, 'replaced'), { recursive: true });
  await writeFile(join(source, 'album', 'more'), 'new');
  await rename(join(source, 'album'), join(source, 'replaced'));
  const { exitCode, result } = await verify();
  expect([exitCode, result.equal]).toEqual([0, true]);
  expect(differencesAt(result, 'replaced/one')).toMatchObject({
    ...{ what: expect.arrayContaining(['content']) as unknown, changedSince: true },
  });
  expect(differencesAt(result, 'replaced/two')).toMatchObject({ what: ['missing'], changedSince: true });
  expect(differencesAt(result, 'album/two')).toMatchObject({ what: ['extra'], changedSince: true });
});

test('what is mounted in the source is not compared, and named', async () => {
  await mkdir(join(source, 'kept', 'mnt'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'tmpfs', join(source, 'kept', 'mnt')]);
  await writeFile(join(source, 'kept', 'mnt', 'theirs'), 'theirs');
  const { exitCode, result } = await verify();
  execFileSync('umount', [join(source, 'kept', 'mnt')]);
  expect([exitCode, result.equal]).toEqual([0, true]);
  expect(differencesAt(result, 'kept/mnt')).toBeUndefined();
  expect(result.leftOut).toMatchObject([{ reason: 'mount', examples: ['kept/mnt'] }]);
});

test('damage below a folder that changed is damage', async () => {
  await writeFile(join(source, 'kept', 'new'), 'new');
  await writeFile(join(tree, 'kept', 'one'), 'WHAT IS IN kept/one');
  const two = await readFile(join(tree, 'kept', 'two'));
  await rm(join(tree, 'kept', 'two'));
  const { exitCode, result } = await verify();
  expect([exitCode, result.equal]).toEqual([1, false]);
  for (const name of ['kept/one', 'kept/two']) expect(differencesAt(result, name)?.changedSince).toBe(false);
  await writeFile(join(tree, 'kept', 'two'), two);
});

test('a byte that flipped under the same size and time is found; so are mode, owner, xattr and ACL', async () => {
  const { atime, mtime } = await stat(join(tree, 'content'));
  const file = await open(join(tree, 'content'), 'r+');
  await file.write('W', 0);
  await file.close();
  await utimes(join(tree, 'content'), atime, mtime);
  await chmod(join(tree, 'mode'), 0o600);
  await chown(join(tree, 'owner'), 4711, 4711);
  execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(tree, 'xattr')]);
  execFileSync('setfacl', ['-m', 'u:12345:rw', join(tree, 'acl')]);
  const { exitCode, result } = await verify();
  expect(exitCode).toBe(1);
  expect(result.equal).toBe(false);
  expect(differencesAt(result, 'content')?.what).toContain('content');
  expect(differencesAt(result, 'mode')?.what).toContain('permissions');
  expect(differencesAt(result, 'owner')?.what).toEqual(expect.arrayContaining(['owner', 'group']));
  expect(differencesAt(result, 'xattr')?.what).toContain('xattr');
  expect(differencesAt(result, 'acl')?.what.join()).toMatch(/acl|permissions/);
  expect(differencesAt(result, 'same')).toBeUndefined();
  for (const name of ['content', 'mode', 'owner', 'xattr', 'acl']) {
    expect(differencesAt(result, name)?.changedSince).toBe(false);
  }
});

test('a person reads each difference by its path', async () => {
  const { exitCode, stdout } = await system.cli(['verify', 'checked']);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/content/);
  expect(stdout).toMatch(/owner/);
});
