/** The life of relationships, as a user leads it: by files and the command line alone. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PointEntry, SyncEntry } from '../../src/catalog/contract';
import type { SyncRecord } from '../../src/model/records';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipSummary } from '../../src/model/summary';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, syncWell, writeDocument, writeFiles } from '../support/system/user';

jest.setTimeout(120_000);

let system: TestSystem;
/** Folders that tests read from and write to; hosts share this machine's files. */
const at = (...parts: string[]) => join(system.folder, 'data', ...parts);
const read = (...parts: string[]) => readFile(at(...parts), 'utf8');
const summary = (name: string) => system.json<RelationshipSummary>('get', name);
/** Of any such kind; what Jest makes of it has no type. */
const any = (kind: NumberConstructor | StringConstructor): unknown => expect.any(kind);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const history = (name: string) => system.json<SyncEntry[]>('history', name, '--kind', 'sync');
const points = (name: string, ...options: string[]) => system.json<PointEntry[]>('points', name, ...options);

beforeAll(async () => {
  system = await TestSystem.start({ agents: { alpha: {}, beta: {}, gamma: {} } });
  await writeFiles(at('wiki'), { 'index.txt': 'welcome\n', 'pages/one.txt': 'page one\n' });
  await writeFiles(at('blog'), { 'post.txt': 'first post\n' });
});
afterAll(() => system.stop());

const wiki = (change: Partial<RelationshipInput['spec']> = {}): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('wiki') },
  targets: [
    { host: 'beta', directory: at('beta-wiki') },
    { host: 'gamma', directory: at('gamma-wiki'), class: 'drpnode' },
  ],
  trigger: { schedule: '0 3 1 1 *', timezone: 'Europe/Paris' },
  objectives: { rpo: '1d' },
  ...change,
});
const blog = (): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('blog') },
  targets: [{ host: 'beta', directory: at('beta-blog') }],
});

describe('a file of several documents', () => {
  it('is only checked by --dry-run', async () => {
    await writeFile(
      at('both.yaml'),
      `${writeDocument('wiki', wiki())}\n---\n${writeDocument('blog', blog())}`,
    );
    const ran = await system.cli(['apply', '-f', at('both.yaml'), '--dry-run', '-o', 'json']);
    expect(ran.exitCode).toBe(0);
    expect(parse(ran)).toEqual([
      { name: 'wiki', outcome: 'valid', warnings: [expect.stringContaining("can't be kept")] },
      { name: 'blog', outcome: 'valid', warnings: [] },
    ]);
    expect(await system.json('get')).toEqual([]);
  });

  it('is asked of the hosts by --dry-run too, and what they say against it is said of all', async () => {
    const nowhere = { ...blog(), source: { host: 'alpha', directory: at('nowhere') } };
    const files = [writeDocument('a', nowhere), writeDocument('b', nowhere), writeDocument('wiki', wiki())];
    const ran = await system.cli(['apply', '-f', '-', '--dry-run'], { stdin: files.join('\n---\n') });
    expect(ran.exitCode).toBe(2);
    for (const name of ['a', 'b']) expect(ran.stderr).toContain(`${name}: source alpha:${at('nowhere')}`);
    expect(await system.json('get')).toEqual([]);
  });

  it('creates them all, each synced to every target at once', async () => {
    const ran = await system.cli(['apply', '-f', at('both.yaml'), '--wait', '-o', 'json']);
    expect(parse(ran)).toMatchObject([
      { name: 'wiki', outcome: 'created', sync: { reason: 'created', result: 'succeeded' } },
      { name: 'blog', outcome: 'created', sync: { reason: 'created', result: 'succeeded' } },
    ]);
    expect(ran.exitCode).toBe(0);
    expect(await read('beta-wiki/pages/one.txt')).toBe('page one\n');
    expect(await read('gamma-wiki/pages/one.txt')).toBe('page one\n');
    expect(await read('beta-blog/post.txt')).toBe('first post\n');
  });

  it('is all or none: one that a host refuses keeps the others from being applied', async () => {
    const nowhere = { ...blog(), source: { host: 'alpha', directory: at('nowhere') } };
    const stdin = [
      writeDocument('early', { ...blog(), targets: [{ host: 'beta', directory: at('beta-early') }] }),
      writeDocument('wrong', { ...nowhere, targets: [{ host: 'beta', directory: at('blocked/x') }] }),
    ].join('\n---\n');
    await writeFile(at('blocked'), 'a file');
    const ran = await system.cli(['apply', '-f', '-', '--wait'], { stdin });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('nothing was changed');
    expect(ran.stderr).toContain('wrong: ');
    const names = (await system.json<RelationshipSummary[]>('get')).map(({ name }) => name);
    expect(names).toEqual(['blog', 'wiki']);
  });

  it('changes nothing when it is applied again', async () => {
    const ran = await system.cli(['apply', '-f', at('both.yaml'), '--wait', '-o', 'json']);
    expect(parse(ran)).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }]);
    expect(await history('wiki')).toHaveLength(1);
  });
});

describe('what scripts read', () => {
  it('`get -o json` has exactly the promised shape, sorted by name', async () => {
    const all = await system.json<RelationshipSummary[]>('get');
    expect(all.map(({ name }) => name)).toEqual(['blog', 'wiki']);
    const point = {
      result: 'succeeded',
      lagSeconds: any(Number),
      recoveryPoint: matching(/^\d{8}T\d{6}Z-000001$/),
      capturedAt: matching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      lastError: null,
      status: 'up',
      statusReason: matching(/^lag .*, rpo 1d$/),
      givenUp: null,
      // Three o'clock in Paris, in winter.
      nextRun: matching(/^\d{4}-01-01T02:00:00.000Z$/),
      promised: { seconds: 86_400, by: 'rpo' },
      leftOut: [],
      torn: false,
    };
    const places = [
      { name: 'beta', host: 'beta', volume: at('beta-wiki'), class: 'node' },
      { name: 'gamma', host: 'gamma', volume: at('gamma-wiki'), class: 'drpnode' },
    ];
    expect(all[1]).toStrictEqual({
      name: 'wiki',
      labels: {},
      status: 'up',
      statusReason: matching(/^beta lag .*, rpo 1d$/),
      phase: 'Idle',
      vanished: null,
      paused: false,
      direction: 'forward',
      epoch: 1,
      source: { host: 'alpha', volume: at('wiki') },
      targets: places.map((place) => ({ ...place, ...point })),
      nextRun: matching(/^\d{4}-01-01T02:00:00.000Z$/),
      lastSync: {
        result: 'succeeded',
        startedAt: any(String),
        endedAt: any(String),
        bytes: any(Number),
        files: any(Number),
        durationSeconds: any(Number),
      },
      rpoMet: true,
      scheduleTrouble: null,
      selections: [],
      operation: null,
      takeover: null,
      lastDrill: null,
    });
    expect(all[0]).toMatchObject({ nextRun: null, rpoMet: null });
    expect(await summary('wiki')).toMatchObject({ name: 'wiki', lastSync: all[1]?.lastSync });
  });

  it('`history -o json` tells of every sync, newest first', async () => {
    await writeFiles(at('wiki'), { 'pages/two.txt': 'page two\n' });
    const { syncId } = await syncWell(system, 'wiki');
    const entries = await history('wiki');
    expect(entries.map((entry) => entry.syncId)).toEqual([syncId, 'wiki-000001']);
    const target = {
      result: 'succeeded',
      bytesSent: any(Number),
      filesChanged: 2,
      attempts: 1,
      errorType: null,
      error: null,
    };
    expect(entries[0]).toMatchObject({
      syncId: 'wiki-000002',
      result: 'succeeded',
      startedAt: any(String),
      endedAt: any(String),
      targets: [
        { name: 'beta', ...target },
        { name: 'gamma', ...target },
      ],
    });
    expect(Date.parse(entries[0]?.startedAt ?? '')).toBeLessThanOrEqual(
      Date.parse(entries[0]?.endedAt ?? ''),
    );
    expect(await system.json<SyncEntry[]>('history', 'wiki', '-n', '1', '--kind', 'sync')).toHaveLength(1);
  });

  it('`points -o json` lists what can be recovered, newest first, and why it is kept', async () => {
    const found = await points('wiki', '--target', 'beta');
    expect(found.map(({ id }) => id.slice(-6))).toEqual(['000002', '000001']);
    expect(found[0]).toMatchObject({ target: 'beta', verified: null });
    expect(found[0]?.keptBecause).toEqual(expect.arrayContaining(['last 1']));
    expect(found[0]?.capturedAt).toBe((await summary('wiki')).targets[0]?.capturedAt);
    expect(await points('wiki')).toHaveLength(4);
  });

  it('`sync --targets` takes names and classes', async () => {
    const some = await system.cli(['sync', 'wiki', '--wait', '--targets', 'drpnodes', '-o', 'json']);
    const record = parse<SyncRecord>(some);
    expect(record.targets.map(({ name }) => name)).toEqual(['gamma']);
    const ran = await system.cli(['sync', 'wiki', '--wait', '--targets', 'nowhere']);
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain(
      'no target has the name or class nowhere; there are beta (node), gamma (drpnode)',
    );
  });
});

describe('what monitoring reads', () => {
  it('`get --check` has a line for each target, numbers, and the exit code of the worst', async () => {
    const one = await system.cli(['get', 'wiki', '--check']);
    expect(one.exitCode).toBe(0);
    expect(one.stdout).toMatch(
      /^UP wiki: beta lag .*, rpo 1d \| 'wiki\/beta'=[\d.]+s;172800;259200;0 'wiki\/gamma'=\S+\nUP wiki: gamma lag/,
    );
    const late = { ...blog(), targets: [{ ...blog().targets[0], rpo: '1ms' }] } as RelationshipInput['spec'];
    await system.apply(writeDocument('blog', late));
    const all = await system.cli(['get', '--check']);
    expect(all.exitCode).toBe(2);
    expect(all.stdout).toMatch(/^DOWN blog: beta lag .* > 3 x rpo 1ms \| .*\nUP wiki: /);
    expect(parse(await system.cli(['get', 'blog', '--check', '-o', 'json']))).toMatchObject([
      { status: 'down' },
    ]);
    expect((await system.cli(['get', 'blog'])).stdout).toMatch(/ STATUS .*\n.* down /);
    await system.apply(writeDocument('blog', blog()));
  });

  it('what it can not know is UNKNOWN, and never another exit code', async () => {
    const nobody = await system.cli(['get', 'nobody', '--check']);
    expect(nobody).toMatchObject({
      exitCode: 3,
      stdout: 'UNKNOWN nobody: there is no relationship nobody\n',
    });
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', TIDEMARK_URL: 'http://127.0.0.1:1' };
    const unreachable = await system.cli(['get', '--check'], { env });
    expect(unreachable.exitCode).toBe(3);
    expect(unreachable.stdout).toMatch(/^UNKNOWN tidemark: /);
  });
});

describe('a live relationship whose spec changes', () => {
  it('syncs a new target at once, and that one alone', async () => {
    const before = await history('wiki');
    const targets = [...wiki().targets, { name: 'third', host: 'gamma', directory: at('third-wiki') }];
    const sync = await applyAndSync(system, 'wiki', wiki({ targets }));
    expect(sync).toMatchObject({ reason: 'changed', result: 'succeeded', targets: [{ name: 'third' }] });
    expect(await read('third-wiki/pages/two.txt')).toBe('page two\n');
    expect((await history('wiki')).slice(1)).toEqual(before);
  });

  it('has its Schedule changed with it, and removed', async () => {
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
      stdin: writeDocument('wiki', wiki({ trigger: { schedule: '30 4 * * *' } })),
    });
    expect(parse(ran)).toMatchObject([{ name: 'wiki', outcome: 'changed' }]);
    const client = await system.client();
    const schedule = client.schedule.getHandle('wiki');
    expect((await schedule.describe()).info.nextActionTimes[0]?.toISOString()).toMatch(/T04:30:00/);
    expect((await summary('wiki')).nextRun).toMatch(/T04:30:00/);
    await system.apply(writeDocument('wiki', wiki({ trigger: {} })));
    expect((await summary('wiki')).nextRun).toBeNull();
    await expect(schedule.describe()).rejects.toThrow();
    await system.apply(writeDocument('wiki', wiki()));
  });

  it('lets go of a removed target: its data and points stay, and another may take it', async () => {
    // The one before has removed the target `third` again.
    expect((await summary('wiki')).targets.map(({ name }) => name)).toEqual(['beta', 'gamma']);
    expect(await read('third-wiki/index.txt')).toBe('welcome\n');
    const old = await points('wiki', '--target', 'third');
    expect(old).toHaveLength(1);
    const other = { ...blog(), targets: [{ host: 'gamma', directory: at('third-wiki') }] };
    const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
      stdin: writeDocument('other', other),
    });
    expect(parse(ran)).toMatchObject([
      { outcome: 'created', warnings: [expect.stringContaining('holds data that no sync put there')] },
    ]);
    await system.cli(['delete', 'other', '--yes']);
  });

  it('takes a source that has moved, and frees the old one', async () => {
    await writeFiles(at('wiki-moved'), {
      'index.txt': 'welcome, moved\n',
      'pages/one.txt': 'page one\n',
      'pages/two.txt': 'page two\n',
    });
    const source = { host: 'gamma', directory: at('wiki-moved') };
    await system.apply(writeDocument('wiki', wiki({ source })));
    const record = await syncWell(system, 'wiki');
    expect(record.targets[0]?.how).toBe('incremental');
    expect(await read('beta-wiki/index.txt')).toBe('welcome, moved\n');
    expect((await summary('wiki')).source).toEqual({ host: 'gamma', volume: at('wiki-moved') });
    const onto = { ...blog(), targets: [{ host: 'beta', directory: at('wiki') }] };
    const ran = await system.cli(['apply', '-f', '-'], { stdin: writeDocument('onto-the-old', onto) });
    expect(ran).toMatchObject({ exitCode: 0 });
    await system.cli(['delete', 'onto-the-old', '--yes']);
    await system.apply(writeDocument('wiki', wiki()));
  });

  it('keeps its history and its recovery points through all of this', async () => {
    const ids = (await history('wiki')).map(({ syncId }) => syncId);
    expect(ids.at(-1)).toBe('wiki-000001');
    expect(new Set(ids).size).toBe(ids.length);
    expect((await points('wiki', '--target', 'gamma')).length).toBe(3);
  });
});

describe('pause and resume', () => {
  it('act on all that are named, or on none', async () => {
    const { exitCode, stderr } = await system.cli(['pause', 'blog', 'blok', 'wiki']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 3 });
    expect(stderr).toContain('there is no relationship blok');
    expect(await summary('blog')).toMatchObject({ paused: false });
    expect(await summary('wiki')).toMatchObject({ paused: false });
  });

  it('starts nothing while paused, and says why', async () => {
    expect(parse(await system.cli(['pause', 'blog', '-o', 'json']))).toEqual([
      { name: 'blog', outcome: 'paused' },
    ]);
    const ran = await system.cli(['sync', 'blog', '--wait', '-o', 'json']);
    expect(ran.exitCode).toBe(3);
    expect(parseError(ran).message).toContain('tidemark resume blog');
    expect(await summary('blog')).toMatchObject({ paused: true, phase: 'Paused', nextRun: null });
    await system.cli(['resume', 'blog']);
    expect((await syncWell(system, 'blog')).result).toBe('succeeded');
  });
});

describe('a relationship that is deleted and made anew under its name', () => {
  let old: { history: SyncEntry[]; points: PointEntry[] };

  it('leaves data, recovery points and history', async () => {
    old = { history: await history('wiki'), points: await points('wiki', '--target', 'beta') };
    expect((await system.cli(['delete', 'wiki'])).exitCode).toBe(2);
    expect(parse(await system.cli(['delete', 'wiki', '--yes', '-o', 'json']))).toEqual({
      name: 'wiki',
      outcome: 'deleted',
    });
    const gone = await system.cli(['get', 'wiki', '-o', 'json']);
    expect(gone.exitCode).toBe(3);
    expect(parseError(gone).hint).toContain('tidemark history wiki');
    expect(await history('wiki')).toEqual(old.history);
    expect(await points('wiki', '--target', 'beta')).toEqual(old.points);
    expect(await read('beta-wiki/index.txt')).toContain('welcome');
  });

  it('goes on from its own copies without asking; no id comes twice, and old points are kept and retired by the same rules', async () => {
    const first = await applyAndSync(system, 'wiki', wiki({ retain: { last: 4 } }));
    expect(first.result).toBe('succeeded');
    expect(first.sequence).toBeGreaterThan(Math.max(...old.history.map(({ sequence }) => sequence)));
    const ids = (await history('wiki')).map(({ syncId }) => syncId);
    expect(new Set(ids).size).toBe(ids.length);
    const found = await points('wiki', '--target', 'beta');
    expect(found.slice(1).map(({ id }) => id)).toEqual(old.points.slice(0, 3).map(({ id }) => id));
    expect(found).toHaveLength(4);
    await writeFiles(at('wiki'), { 'index.txt': 'anew\n' });
    await syncWell(system, 'wiki');
    const later = await points('wiki', '--target', 'beta');
    expect(later.map(({ id }) => id).slice(1)).toEqual(found.slice(0, 3).map(({ id }) => id));
    expect(later.map(({ keptBecause }) => keptBecause.find((reason) => reason.startsWith('last')))).toEqual([
      'last 1',
      'last 2',
      'last 3',
      'last 4',
    ]);
  });

  it('can still be restored from a point of its former life', async () => {
    const oldest = (await points('wiki', '--target', 'beta')).at(-1)?.id ?? '';
    expect(old.points.map(({ id }) => id)).toContain(oldest);
    const to = ['--to', `gamma:${at('restored')}`, '--yes'];
    const ran = await system.cli(['restore', 'wiki', '--point', oldest, ...to]);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(await read('restored/index.txt')).not.toBe('anew\n');
  });
});
