/** A repository of restic beside an ordinary copy: kept, compared, restored without the source, and never failed over to. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RestoreResult, VerifyResult } from '../../src/api/messages';
import type { OthersAnswer } from '../../src/model/others';
import type { RelationshipInput } from '../../src/model/spec';
import { addResticToPath, damagePack, restic, writeCredentials } from '../support/stores/restic';
import { carryOut } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { applyAndSync, parseError, syncNow, syncWell, writeDocument } from '../support/system/user';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

jest.setTimeout(120_000);

const PASSWORD = 'correct horse, battery';

let folder: string;
let system: TestSystem;
const at = (...names: string[]) => join(folder, ...names);

const spec = (more: object = {}): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('source') },
  targets: [
    { host: 'beta', directory: at('copy') },
    { repository: at('repository'), credentials: 'wiki', retain: { last: 2 }, ...more },
  ],
});

beforeAll(async () => {
  addResticToPath();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-repository-'));
  await writeCredentials(at('credentials'), 'wiki', { RESTIC_PASSWORD: PASSWORD });
  const options = ['--credentials', at('credentials')];
  system = await TestSystem.start({ agents: { alpha: { options }, beta: { options }, gamma: {} } });
  await makeNastyTree(at('source'));
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** By alpha: a folder is there alone where its host is, and which that is changes here. */
const others = ['points', 'wiki', '--target', 'repository', '--others', '--on', 'alpha'];

const pointsOf = async () => (await system.points('wiki')).filter(({ target }) => target === 'repository');

it('is refused where its credentials are missing, with what to do', async () => {
  const ran = await system.cli(['apply', '-f', '-', '-o', 'json'], {
    stdin: writeDocument('wiki', spec({ credentials: 'none' })),
  });
  expect(ran.exitCode).toBe(2);
  expect(parseError(ran).problems).toEqual([
    expect.stringMatching(/alpha.*credentials none: there is no file/),
  ]);
});

it('gets what the source holds, as the other target does, and is compared to the last byte', async () => {
  const record = await applyAndSync(system, 'wiki', spec());
  expect(record.targets.map(({ name, result, failure }) => ({ name, result, failure }))).toEqual([
    { name: 'beta', result: 'succeeded' },
    { name: 'repository', result: 'succeeded' },
  ]);
  const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'repository');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 0 });
});

it('keeps what retention says, and finds an unchanged source unchanged', async () => {
  for (let round = 0; round < 2; round++) {
    const { targets } = await syncWell(system, 'wiki');
    expect(targets.find(({ name }) => name === 'repository')?.stats).toMatchObject({ filesChanged: 0 });
  }
  expect(await pointsOf()).toHaveLength(2);
  await eventually('the repository has no more than these', async () => {
    const snapshots = await restic(at('repository'), PASSWORD, '--no-lock', 'snapshots', '--json');
    return (JSON.parse(snapshots) as unknown[]).length === 2 ? true : undefined;
  });
});

it('is equal although it holds no sockets and nothing that the spec excludes, and says so of the sockets', async () => {
  await mkdir(at('source', 'cache'));
  await writeFile(at('source', 'cache', 'x'), 'x');
  const server = createServer().listen(at('source', 'socket'));
  try {
    await applyAndSync(system, 'wiki', spec({ resticExclude: ['/cache', '*.tmp'] }));
    for (const name of ['cache/y', 'z.tmp']) await writeFile(at('source', name), 'made since');
    const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'repository');
    expect(verified).toMatchObject({
      ...{ equal: true, differences: [{ path: '.' }], totalDifferences: 1 },
      leftOut: [{ reason: 'socket', count: 1, examples: ['socket'] }],
    });
  } finally {
    server.close();
  }
  for (const name of ['cache', 'z.tmp']) await rm(at('source', name), { recursive: true });
  await applyAndSync(system, 'wiki', spec());
});

it('is not equal where it lacks what restic was to take', async () => {
  const [newest] = JSON.parse(await restic(at('repository'), PASSWORD, 'snapshots', '--json', 'latest')) as {
    id: string;
  }[];
  const rewrite = ['rewrite', '--forget', '--exclude=content', newest?.id ?? ''];
  await restic(at('repository'), PASSWORD, ...rewrite);
  const ran = await system.cli(['verify', 'wiki', '--target', 'repository', '-o', 'json']);
  expect(JSON.parse(ran.stdout)).toMatchObject({ equal: false });
  expect((JSON.parse(ran.stdout) as VerifyResult).differences).toContainEqual({
    ...{ path: 'content', what: ['missing'], changedSince: false },
  });
  await syncWell(system, 'wiki');
});

it('tells what the source has changed since from damage', async () => {
  await writeFile(at('source', 'content'), 'changed since');
  const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'repository');
  expect(verified).toMatchObject({ equal: true, totalDifferences: 1 });
  await syncWell(system, 'wiki');
});

it('fails the sync that finds it damaged, without losing the point that was made', async () => {
  await applyAndSync(system, 'wiki', spec({ checkEvery: '0s', checkShare: '100%' }));
  const { pack, mend } = await damagePack(at('repository'));
  const { targets } = await syncNow(system, 'wiki');
  await mend();
  const found = targets.find(({ name }) => name === 'repository');
  expect(found).toMatchObject({
    result: 'failed',
    failure: { type: 'VerificationFailed', volume: at('repository') },
  });
  expect(found?.failure?.message).toContain(pack);
  expect((await pointsOf()).map(({ id }) => id)).toContain(found?.point?.id);
  await applyAndSync(system, 'wiki', spec());
});

it('is no place that a service could go on at: a failover goes to the copy, and never there', async () => {
  const refused = await system.cli(['failover', 'wiki', '--target', 'repository', '--yes']);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('no service can go on in it');
  expect(refused.stderr).toContain('tidemark restore wiki --target repository');
});

it('is written to by the new primary after a failover, and by the old one never again', async () => {
  await carryOut(system, 'wiki', 'failover', {});
  await writeFile(at('copy', 'written-at-beta'), 'x');
  await carryOut(system, 'wiki', 'reverse', { acceptDiverged: true });
  const { targets } = await syncWell(system, 'wiki');
  expect(targets.map(({ name, host }) => `${name} by ${host}`)).toEqual([
    'alpha by alpha',
    'repository by beta',
  ]);
  const verified = await system.json<VerifyResult>('verify', 'wiki', '--target', 'repository');
  expect(verified).toMatchObject({ equal: true });
});

it('brings a point back to any host that has its credentials, with the primary gone', async () => {
  await system.kill('agent:beta');
  const argv = ['restore', 'wiki', '--point', 'latest', '--target', 'repository', '--yes', '-o', 'json'];
  const restored = await system.json<RestoreResult>(...argv.slice(0, -2), '--to', `alpha:${at('found')}`);
  expect(restored.files).toBeGreaterThan(10);
  expect(await compareTrees(at('copy'), at('found'))).toEqual([]);
  const part = ['--path', 'content', '--to', `alpha:${at('part')}`];
  await system.json<RestoreResult>(...argv.slice(0, -2), ...part);
  expect(await readFile(at('part', 'content'))).toEqual(await readFile(at('copy', 'content')));
  await restic(at('repository'), PASSWORD, 'backup', '--tag=mine', at('part'));
  const [other] = JSON.parse(
    await restic(at('repository'), PASSWORD, 'snapshots', '--json', '--tag=mine'),
  ) as { short_id: string }[];
  const listed = await system.json<OthersAnswer>(...others);
  expect(listed).toMatchObject({ host: 'alpha', total: 1, older: 0 });
  expect(listed.states).toMatchObject([
    { name: `restic:${other?.short_id}`, from: hostname(), paths: [at('part')], tags: ['mine'] },
  ]);
  const foreign = [
    'restore',
    'wiki',
    '--target',
    'repository',
    '--point',
    `restic:${other?.short_id}`,
    '--yes',
  ];
  await system.json<RestoreResult>(
    ...foreign,
    '--path',
    at('part').slice(1),
    '--to',
    `alpha:${at('others')}`,
  );
  expect(await compareTrees(at('part'), join(at('others'), at('part')))).toEqual([]);
  const without = await system.cli([...argv, '--to', `gamma:${at('nowhere')}`]);
  expect(without.stderr).toContain('credentials wiki: this agent has none');
  system.launch('agent:beta');
});

it('says in words of restic why what others keep can not be listed, and where there is no such snapshot how it is', async () => {
  const misspelt = await system.cli([
    ...['restore', 'wiki', '--target', 'repository', '--point', 'restic:0123456789', '--yes'],
    ...['--to', `alpha:${at('nowhere')}`],
  ]);
  expect(misspelt.exitCode).toBe(3);
  expect(misspelt.stderr).toContain('tidemark points wiki --others');
  const without = await system.cli([...others.slice(0, -1), 'gamma']);
  expect(without.exitCode).toBe(1);
  expect(without.stderr).toContain('credentials wiki: this agent has none');
  await writeCredentials(at('credentials'), 'wiki', { RESTIC_PASSWORD: 'a guess' });
  const guessed = await system.cli(others);
  await writeCredentials(at('credentials'), 'wiki', { RESTIC_PASSWORD: PASSWORD });
  expect(guessed.stderr).toMatch(/does not open.*alpha.*\n +Fatal: wrong password/);
});

it('that is gone fails alone, is never made anew without a word, and goes on once it is back', async () => {
  await eventually('beta answers', async () => {
    const { exitCode } = await system.cli(['verify', 'wiki', '--target', 'alpha']);
    return exitCode === 0 ? true : undefined;
  });
  await rename(at('repository'), at('away'));
  const { targets } = await syncNow(system, 'wiki');
  expect(targets.map(({ name, failure }) => ({ name, type: failure?.type }))).toEqual([
    { name: 'alpha', type: undefined },
    { name: 'repository', type: 'VolumeMissing' },
  ]);
  await rename(at('away'), at('repository'));
  await syncWell(system, 'wiki');
});

describe('that is all that there is', () => {
  const alone = (source: RelationshipInput['spec']['source']): RelationshipInput['spec'] => ({
    ...{ source, targets: [{ repository: at('alone'), credentials: 'wiki' }] },
  });
  const refusal = async () => (await system.cli(['failover', 'alone', '--yes'])).stderr;

  it('is failed over to by what its refusal says: a restore first, with the time that was measured', async () => {
    await applyAndSync(system, 'alone', alone({ host: 'alpha', directory: at('copy') }));
    expect(await refusal()).toContain(
      'never measured: tidemark verify alone --target repository measures it',
    );
    const verified = await system.json<VerifyResult>('verify', 'alone', '--target', 'repository');
    expect(verified.readBack).toMatchObject({ how: 'verify', host: 'alpha' });
    await system.kill('agent:alpha');
    const said = await refusal();
    expect(said).toContain('that takes about');
    const line = /tidemark (restore alone .*) --to HOST:\/path/.exec(said)?.[1] ?? '';
    const to = ['--to', `beta:${at('again')}`, '--yes'];
    const restored = await system.json<RestoreResult>(...line.split(' '), ...to);
    expect(restored.readBack).toMatchObject({ how: 'restore', host: 'beta' });
    expect(await compareTrees(at('copy'), at('again'))).toEqual([]);
    await applyAndSync(system, 'alone', alone({ host: 'beta', directory: at('again') }));
    const points = await system.json<unknown[]>('points', 'alone', '--target', 'repository');
    expect(points).toHaveLength(2);
    system.launch('agent:alpha');
  });
});
