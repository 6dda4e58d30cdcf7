/** What a sync never does unasked, and what no spec may name: guards, as a user meets them. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipSummary } from '../../src/model/summary';
import { TestFilesystem } from '../support/storage/filesystems';
import { TestSystem } from '../support/system/system';
import {
  applyAndSync,
  approveAndSync,
  parseError,
  syncAfter,
  syncNow,
  syncWell,
  writeDocument,
  writeFiles,
} from '../support/system/user';

jest.setTimeout(120_000);

type Spec = RelationshipInput['spec'];

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
/** Names in a folder without Tidemark's own. */
const list = async (folder: string) => (await readdir(folder)).filter((name) => name !== '.tidemark').sort();
const spec = (name: string, change: Partial<Spec> = {}): Spec => ({
  source: { host: 'alpha', directory: at(`${name}-source`) },
  targets: [{ host: 'beta', directory: at(`${name}-target`) }],
  ...change,
});
const failureOf = (record: SyncRecord) => record.failure ?? record.targets[0]?.failure;
const phaseOf = async (name: string) => (await system.json<RelationshipSummary>('get', name)).phase;

/** Files `1` to `count` in the source of this relationship. */
async function fill(name: string, count: number): Promise<void> {
  const files = Array.from({ length: count }, (_, index) => [String(index + 1), `file ${index + 1}\n`]);
  await writeFiles(at(`${name}-source`), Object.fromEntries(files) as Record<string, string>);
}

async function empty(name: string, keep = 0): Promise<void> {
  for (const file of await readdir(at(`${name}-source`))) {
    if (Number(file) > keep) await rm(at(`${name}-source`, file));
  }
}

/** Names of the files in the newest recovery point, brought back to a folder of its own. */
async function listNewestPoint(name: string): Promise<string[]> {
  const folder = at(`${name}-restored-${Date.now()}`);
  await system.json('restore', name, '--point', 'latest', '--to', `alpha:${folder}`, '--yes');
  return list(folder);
}

/** Applies what is to be refused; answers the problems. */
async function refusedFor(name: string, wanted: Spec): Promise<string> {
  const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], { stdin: writeDocument(name, wanted) });
  expect(ran).toMatchObject({ exitCode: 2 });
  expect((await system.cli(['get', name])).exitCode).toBe(3);
  return (parseError(ran).problems ?? []).join('\n');
}

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

describe('a source that is empty all at once', () => {
  it('stops the sync: the copy and its recovery point stay, and somebody is asked', async () => {
    await fill('wiki', 4);
    expect((await applyAndSync(system, 'wiki', spec('wiki'))).result).toBe('succeeded');
    await empty('wiki');
    const record = await syncNow(system, 'wiki');
    expect(failureOf(record)).toMatchObject({
      type: 'ApprovalRequired',
      host: 'alpha',
      volume: at('wiki-source'),
      message: expect.stringContaining('the source is empty') as unknown,
      hint: expect.stringContaining('tidemark approve wiki') as unknown,
    });
    expect(await phaseOf('wiki')).toBe('WaitingForApproval');
    expect((await system.cli(['describe', 'wiki'])).stdout).toContain('tidemark approve wiki');
    expect(await list(at('wiki-target'))).toEqual(['1', '2', '3', '4']);
    expect(await listNewestPoint('wiki')).toEqual(['1', '2', '3', '4']);
  });

  it('passes with one approval, and with that alone', async () => {
    const { sequence } = await system.status('wiki');
    expect(await system.cli(['approve', 'wiki'])).toMatchObject({ exitCode: 0 });
    expect(await syncAfter(system, 'wiki', sequence)).toMatchObject({
      reason: 'approved',
      result: 'succeeded',
    });
    expect(await list(at('wiki-target'))).toEqual([]);
    await fill('wiki', 3);
    await syncWell(system, 'wiki');
    await empty('wiki');
    expect(failureOf(await syncNow(system, 'wiki'))?.type).toBe('ApprovalRequired');
    expect(await list(at('wiki-target'))).toEqual(['1', '2', '3']);
  });

  it('passes where the spec says allowEmpty', async () => {
    await system.apply(
      writeDocument('wiki', spec('wiki', { guards: { allowEmpty: true, maxDeletes: '100%' } })),
    );
    await syncWell(system, 'wiki');
    expect(await list(at('wiki-target'))).toEqual([]);
  });
});

describe('a source that lost more than maxDeletes', () => {
  it('stops the sync and says how many it would have deleted', async () => {
    await fill('many', 20);
    await applyAndSync(system, 'many', spec('many'));
    await empty('many', 4);
    const failure = failureOf(await syncNow(system, 'many'));
    expect(failure?.type).toBe('ApprovalRequired');
    expect(failure?.message).toContain('would delete 16 entries');
    expect(failure?.hint).toContain('tidemark approve many');
    expect(await listNewestPoint('many')).toHaveLength(20);
    expect(await list(at('many-target'))).toHaveLength(20);
  });

  it('loses nothing of the copy however often it is tried again', async () => {
    const failure = failureOf(await syncNow(system, 'many'));
    expect(failure).toMatchObject({ type: 'ApprovalRequired' });
    expect(failure?.message).toContain('would delete 16 entries');
    expect(await list(at('many-target'))).toHaveLength(20);
    expect(await system.points('many')).toHaveLength(1);
  });

  it('leaves a copy that is the only one whole, and says so', async () => {
    await fill('only', 10);
    const targets = [{ host: 'beta', directory: at('only-target'), copyMethod: 'Direct' as const }];
    await applyAndSync(system, 'only', spec('only', { targets }));
    await empty('only', 1);
    expect(failureOf(await syncNow(system, 'only'))).toMatchObject({ type: 'ApprovalRequired' });
    const points = await system.points('only');
    expect(points.map(({ method, torn }) => ({ method, torn }))).toEqual([{ method: 'Direct', torn: false }]);
  });

  it('is brought over with an approval, and the guard counts from there', async () => {
    expect((await approveAndSync(system, 'many')).result).toBe('succeeded');
    expect(await list(at('many-target'))).toEqual(['1', '2', '3', '4']);
    await empty('many', 1);
    expect(failureOf(await syncNow(system, 'many'))?.message).toContain('would delete 3 entries');
  });
});

describe('a target that holds data of somebody else', () => {
  it('is told of at apply, and left alone until somebody approves', async () => {
    await fill('onto', 2);
    await writeFiles(at('onto-target'), { precious: 'not yours\n' });
    const stdin = writeDocument('onto', spec('onto'));
    const ran = await system.cli(['apply', '-f', '-', '--wait'], { stdin });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('holds data that no sync put there');
    expect(ran.stdout).toContain('ApprovalRequired');
    expect(await list(at('onto-target'))).toEqual(['precious']);
    expect((await approveAndSync(system, 'onto')).result).toBe('succeeded');
    expect(await list(at('onto-target'))).toEqual(['1', '2']);
  });

  it('is refused where it is the target of another relationship, which is named', async () => {
    await fill('rival', 1);
    const wanted = spec('rival', { targets: [{ host: 'beta', directory: at('onto-target') }] });
    expect(await refusedFor('rival', wanted)).toContain('already the target of onto');
    expect(await list(at('onto-target'))).toEqual(['1', '2']);
  });

  it('is refused where it holds, or lies in, a volume of another relationship', async () => {
    const into = (directory: string) => spec('rival', { targets: [{ host: 'beta', directory }] });
    expect(await refusedFor('rival', into(at('onto-target', 'inside')))).toContain(
      `lies inside ${at('onto-target')}, the target of onto`,
    );
    expect(await refusedFor('rival', into(at()))).toContain('and a sync would remove it');
  });
});

describe('volumes that are in each other', () => {
  it('are refused, whichever holds the other, and so is one that is both', async () => {
    await fill('self', 1);
    const source = at('self-source');
    for (const [directory, reason] of [
      [source, 'is the same directory as the source'],
      [join(source, 'copy'), 'lies inside the source'],
      [at(), 'contains the source'],
    ] as const) {
      expect(await refusedFor('self', spec('self', { targets: [{ host: 'alpha', directory }] }))).toContain(
        reason,
      );
    }
  });

  it('are found out behind symlinks and other names of the host, before anything is copied', async () => {
    await symlink(at('self-source'), at('self-link'));
    for (const [parts, reason] of [
      [['self-source'], `same directory as ${at('self-source')}, the source of self`],
      [['self-link'], `same directory as ${at('self-source')}, the source of self`],
      [['self-link', 'copy'], `lies inside ${at('self-source')}, the source of self`],
    ] as const) {
      const targets = [{ host: 'beta', directory: at(...parts) }];
      expect(await refusedFor('self', spec('self', { targets }))).toContain(reason);
    }
    expect(await readdir(at('self-source'))).not.toContain('copy');
  });
});

describe('a target whose filesystem is not mounted', () => {
  let disk: TestFilesystem;
  beforeAll(async () => {
    disk = await TestFilesystem.make('tmpfs');
    await fill('disk', 2);
    const target = { host: 'beta', directory: disk.mountPoint, mustBeMounted: true };
    await applyAndSync(system, 'disk', spec('disk', { targets: [target] }));
  });
  afterAll(() => disk.dispose());

  it('gets nothing: the folder below stays empty, and the error says what to mount', async () => {
    await disk.unmount();
    expect(failureOf(await syncNow(system, 'disk'))).toMatchObject({
      type: 'NotMounted',
      host: 'beta',
      volume: disk.mountPoint,
      hint: expect.stringContaining('mount') as unknown,
    });
    expect(await readdir(disk.mountPoint)).toEqual([]);
  });

  it('is not taken for the old one where another is mounted there, until somebody approves', async () => {
    // A fresh one: what is on a tmpfs goes with the mount.
    await disk.mount();
    expect(failureOf(await syncNow(system, 'disk'))).toMatchObject({
      type: 'NotMounted',
      message: expect.stringContaining('is gone') as unknown,
    });
    expect(await readdir(disk.mountPoint)).toEqual([]);
    expect((await approveAndSync(system, 'disk')).result).toBe('succeeded');
    expect(await list(disk.mountPoint)).toEqual(['1', '2']);
  });
});

describe('folders that are never volumes', () => {
  it('are refused as targets by name', async () => {
    for (const directory of ['/', '/etc', '/usr/local', '/home', '/proc/1', '/var/lib']) {
      expect(await refusedFor('system', spec('wiki', { targets: [{ host: 'beta', directory }] }))).toContain(
        directory === '/' ? 'the root folder is never a volume' : directory,
      );
    }
  });

  it('are refused as sources by name', async () => {
    for (const directory of ['/', '/etc', '/dev', '/sys'])
      expect(await refusedFor('system', spec('wiki', { source: { host: 'alpha', directory } }))).toContain(
        'never a volume',
      );
  });

  it('are refused behind a symlink, by the host', async () => {
    await mkdir(at('links'), { recursive: true });
    await symlink('/etc', at('links', 'innocent'));
    const wanted = spec('wiki', { targets: [{ host: 'beta', directory: at('links', 'innocent') }] });
    expect(await refusedFor('system', wanted)).toContain('/etc belongs to the operating system');
    expect(await readFile('/etc/passwd', 'utf8')).toContain('root');
  });

  it("are an agent's own state, too", async () => {
    const wanted = spec('wiki', { targets: [{ host: 'beta', directory: system.agentHome('beta') }] });
    expect(await refusedFor('system', wanted)).toContain("holds the agent's own state");
  });

  it('are refused as the destination of a restore', async () => {
    await writeFile(at('a-file'), 'x');
    for (const [path, exitCode] of [
      ['/etc', 2],
      ['/', 2],
      [at('a-file'), 2],
    ] as const) {
      const to = ['--point', 'latest', '--overwrite', '--to', `alpha:${path}`];
      expect({ path, ...(await system.cli(['restore', 'many', ...to])) }).toMatchObject({ path, exitCode });
    }
  });
});

describe('a relationship that was deleted, and is applied again', () => {
  const remove = (name: string) => system.retire(name);
  const copyOf = (name: string) => spec('again', { targets: spec(name).targets });

  it('goes on with its own copy and its points, without asking', async () => {
    await fill('again', 3);
    await applyAndSync(system, 'again', spec('again'));
    await remove('again');
    await fill('again', 4);
    const applied = await system.cli(['apply', '-f', '-'], { stdin: writeDocument('again', spec('again')) });
    expect(applied.stdout + applied.stderr).not.toContain('approve');
    expect(await syncNow(system, 'again')).toMatchObject({ result: 'succeeded' });
    expect(await list(at('again-target'))).toEqual(['1', '2', '3', '4']);
    const points = await system.points('again');
    expect(points.map(({ id }) => Number(id.slice(-6))).sort()).toEqual([1, 2, 3]);
    await remove('again');
  });

  it.each<[string, string, () => Promise<Spec>]>([
    ['by another name', 'another', () => Promise.resolve(copyOf('again'))],
    [
      'from another source',
      'again',
      async () => {
        await writeFiles(at('elsewhere'), { 1: 'file' });
        return spec('again', { source: { host: 'alpha', directory: at('elsewhere') } });
      },
    ],
    [
      'once somebody has written to the copy',
      'again',
      async () => {
        await writeFiles(at('again-target'), { mine: 'by its owner' });
        return spec('again');
      },
    ],
    [
      'once somebody has removed something from the copy',
      'again',
      async () => {
        await applyAndSync(system, 'again', spec('again'));
        await approveAndSync(system, 'again');
        await remove('again');
        await rm(join(at('again-target'), '1'));
        return spec('again');
      },
    ],
  ])('asks where that is %s', async (_, name, makeSpec) => {
    const record = await applyAndSync(system, name, await makeSpec());
    expect(failureOf(record)?.type).toBe('ApprovalRequired');
    await remove(name);
  });
});
