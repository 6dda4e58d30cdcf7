/** `tidemark verify`: each difference between a recovery point and its source is named, and nothing else is. */
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { runChecked } from '../../src/hosts/run-checked';
import type { Difference } from '../../src/model/records';
import type { VerifyResult } from '../../src/api/messages';
import { describeTree } from '../support/trees/compare-trees';
import { TestFilesystem } from '../support/storage/filesystems';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, syncWell } from '../support/system/user';

jest.setTimeout(120_000);

let system: TestSystem;
let programs: string;
/** Points by Clone share no file with each other: one that is damaged leaves the others alone. */
let xfs: TestFilesystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const source = (...parts: string[]) => at('wiki', ...parts);

const points = () => system.points('wiki');
/** Where the content of a point lies; the newest by default. */
async function inPoint(...parts: string[]): Promise<string> {
  const [newest] = await points();
  return join(xfs.mountPoint, '.tidemark', 'wiki', 'wiki', 'trees', newest?.identity ?? '', ...parts);
}

async function verify(
  ...options: string[]
): Promise<VerifyResult & { exitCode: number; byPath: Map<string, Difference> }> {
  const ran = await system.cli(['verify', 'wiki', '-o', 'json', ...options]);
  const result = parse<VerifyResult>(ran);
  const byPath = new Map(result.differences.map((difference) => [difference.path, difference]));
  return { ...result, exitCode: ran.exitCode, byPath };
}

async function run(...argv: string[]): Promise<void> {
  await runChecked(makeLocalHost({ name: 'verify', home: system.folder }), argv);
}

/** An rsync that takes its time before it compares, as on a slow disk, so that there is progress to see. */
async function makeSlowRsync(folder: string): Promise<void> {
  const script = [
    '#!/bin/sh',
    `export PATH='${process.env.PATH}'`,
    `case " $* " in *" --debug=CMD "*) ;; *" --dry-run "*) [ -e '${folder}/slow' ] && sleep 4 ;; esac`,
    'exec rsync "$@"',
  ];
  await writeFile(join(folder, 'rsync'), `${script.join('\n')}\n`);
  await chmod(join(folder, 'rsync'), 0o755);
}

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'tidemark-programs-'));
  await makeSlowRsync(programs);
  xfs = await TestFilesystem.make('xfs');
  const env = { PATH: `${programs}:${process.env.PATH}` };
  system = await TestSystem.start({ agents: { alpha: { env }, beta: {} } });
  await makeNastyTree(source());
  await applyAndSync(system, 'wiki', {
    source: { host: 'alpha', directory: source() },
    targets: [{ host: 'beta', directory: join(xfs.mountPoint, 'wiki'), copyMethod: 'Clone' }],
    retain: { last: 10 },
  });
});
afterAll(async () => {
  await system.stop();
  await xfs.dispose();
  await rm(programs, { recursive: true });
});

describe('a recovery point that is as it was', () => {
  it('is found equal, in everything that a file can be', async () => {
    const [newest] = await points();
    expect(await verify()).toMatchObject({
      exitCode: 0,
      relationship: 'wiki',
      target: 'beta',
      pointId: newest?.id,
      equal: true,
      differences: [],
      totalDifferences: 0,
    });
  });

  it('is known to be from then on: points say when', async () => {
    const [newest] = await points();
    expect(Date.parse(newest?.verified ?? '')).toBeGreaterThan(Date.parse(newest?.capturedAt ?? ''));
    await appendFile(source('content'), 'more');
    await syncWell(system, 'wiki');
    const [fresh, former] = await points();
    expect(fresh?.verified).toBeNull();
    expect(former).toMatchObject({ id: newest?.id, verified: newest?.verified });
    expect((await system.cli(['points', 'wiki'])).stdout).toContain('VERIFIED');
  });

  it('shows that it is being compared', async () => {
    await writeFile(join(programs, 'slow'), '');
    const { exitCode, stdout, stderr } = await system.cli(['verify', 'wiki']);
    await rm(join(programs, 'slow'));
    expect(stderr).toContain('comparing');
    expect(stdout).toMatch(/^recovery point \S+ of beta, captured .*: equal$/m);
    expect(exitCode).toBe(0);
  });
});

describe('what the source changed since', () => {
  it('is listed, and told from damage: the point is still equal to what was captured', async () => {
    await writeFile(source('times', 'old'), 'newer');
    await chmod(source('empty'), 0o600);
    await writeFile(source('new-at-the-source'), 'x');
    await rm(source('links', 'dangling'));
    const { exitCode, equal, byPath } = await verify();
    expect({ exitCode, equal }).toEqual({ exitCode: 0, equal: true });
    expect(byPath.get('times/old')?.what).toEqual(['content', 'size', 'time']);
    expect(byPath.get('empty')?.what).toEqual(['permissions']);
    expect(byPath.get('new-at-the-source')?.what).toEqual(['missing']);
    expect(byPath.get('links/dangling')?.what).toEqual(['extra']);
    expect([...byPath.values()].filter(({ changedSince }) => !changedSince)).toEqual([]);
    const { stdout } = await system.cli(['verify', 'wiki']);
    expect(stdout).toMatch(/times\/old .*changed at the source since/);
    expect(stdout).toMatch(/^recovery point .*: equal, but for \d+ entries changed at the source since$/m);
    await syncWell(system, 'wiki');
  });
});

describe('a recovery point that was damaged', () => {
  it('has a flipped byte named, though size and time are the same', async () => {
    const path = await inPoint('content');
    const { atime, mtime } = await stat(path);
    const file = await open(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 50_000);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 50_000);
    await file.close();
    await utimes(path, atime, mtime);
    // To the nanosecond.
    await run('touch', '--no-create', '--reference', source('content'), path);
    const { exitCode, equal, differences } = await verify();
    expect(differences).toEqual([{ path: 'content', what: ['content'], changedSince: false }]);
    expect({ exitCode, equal }).toEqual({ exitCode: 1, equal: false });
    expect((await points())[0]?.verified).toBeNull();
    const { stdout } = await system.cli(['verify', 'wiki']);
    expect(stdout).toMatch(/NOT equal[^]*content +content +DIFFERENT/);
  });

  it('has each changed mode, owner, attribute, ACL, time and link named, and what is lost or too much', async () => {
    const damaged = await inPoint();
    await chmod(join(damaged, 'modes', '644'), 0o600);
    await chown(join(damaged, 'empty'), 4242, 0);
    await run('setfattr', '-x', 'user.text', join(damaged, 'attributes', 'xattr'));
    await run('setfacl', '-b', join(damaged, 'attributes', 'acl'));
    await run('touch', '-d', '2021-03-04 05:06:07.123456788Z', join(damaged, 'times', 'nanoseconds'));
    await rm(join(damaged, '.hidden'), { recursive: true });
    await writeFile(join(damaged, 'folder', 'too\nmuch'), '');
    await rm(join(damaged, 'links', 'relative'));
    await mkdir(join(damaged, 'links', 'relative'));
    const before = await describeTree(damaged);
    const { exitCode, equal, byPath } = await verify();
    expect({ exitCode, equal }).toEqual({ exitCode: 1, equal: false });
    for (const [path, what] of [
      ['content', ['content']],
      ['modes/644', ['permissions']],
      ['empty', ['owner']],
      ['attributes/xattr', ['xattr']],
      ['attributes/acl', ['permissions', 'acl']],
      ['times/nanoseconds', ['time']],
      ['.hidden', ['missing']],
      [String.raw`folder/too\#012much`, ['extra']],
    ] as const) {
      expect([path, byPath.get(path)]).toEqual([path, { path, what, changedSince: false }]);
    }
    expect([...byPath.keys()].filter((path) => path.startsWith('links/relative'))).not.toEqual([]);
    expect(await describeTree(damaged)).toEqual(before);
  });

  it('is told apart from changes at the source in one list', async () => {
    await writeFile(source('times', 'future'), 'changed at the source');
    const { equal, byPath } = await verify();
    expect(equal).toBe(false);
    expect(byPath.get('times/future')?.changedSince).toBe(true);
    expect(byPath.get('content')?.changedSince).toBe(false);
  });

  it('leaves the other points as they were: an older one can be named', async () => {
    const [, older] = await points();
    const named = await verify('--point', older?.id ?? '', '--target', 'beta');
    expect(named.pointId).toBe(older?.id);
    expect(named.byPath.get('modes/644')).toBeUndefined();
  });
});

describe.each(['Clone', 'HardLink'] as const)('damage in a point by %s', (copyMethod) => {
  const name = copyMethod.toLowerCase();
  const newest = async () => (await system.points(name))[0];
  const compare = async () => parse<VerifyResult>(await system.cli(['verify', name, '-o', 'json']));

  it('is not passed on to the next point once it was found, and the point is no longer told as verified', async () => {
    await mkdir(at(name), { recursive: true });
    for (const file of ['one', 'two']) await writeFile(at(name, file), `content of ${file}`);
    const folder = copyMethod === 'Clone' ? xfs.mountPoint : at('copies');
    await applyAndSync(system, name, {
      source: { host: 'alpha', directory: at(name) },
      targets: [{ host: 'beta', directory: join(folder, name), copyMethod }],
    });
    expect(await compare()).toMatchObject({ equal: true });
    expect((await newest())?.verified).not.toBeNull();
    const damaged = join(folder, '.tidemark', name, name, 'trees', (await newest())?.identity ?? '', 'two');
    await writeFile(damaged, 'CONTENT OF two');
    await run('touch', '--no-create', '--reference', at(name, 'two'), damaged);
    expect(await compare()).toMatchObject({
      equal: false,
      differences: [{ path: 'two', what: ['content'] }],
    });
    expect((await newest())?.verified).toBeNull();
    const { stdout } = await system.cli(['verify', name]);
    expect(stdout).toContain(`What to do: tidemark sync ${name}`);
    // Nothing has changed at the source: without that, the points would share what they hold.
    await syncWell(system, name);
    expect(await compare()).toMatchObject({ equal: true });
    expect((await newest())?.verified).not.toBeNull();
  });
});

describe('a verification that can not be made', () => {
  it('says which point or target there is none of', async () => {
    const ran = await system.cli(['verify', 'wiki', '--point', '20200101T000000Z-000001', '-o', 'json']);
    expect(ran.exitCode).toBe(3);
    expect(parseError(ran)).toMatchObject({
      type: 'PointMissing',
      hint: 'tidemark points wiki lists what there is',
    });
    const other = await system.cli(['verify', 'wiki', '--target', 'nobody', '-o', 'json']);
    expect(other.exitCode).toBe(3);
    expect(parseError(other).message).toContain('no target nobody');
  });
});
