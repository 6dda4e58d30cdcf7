/** What people type when a host is lost, and until all is well again: real processes, real directories. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Price } from '../../src/model/price';
import type { DrillOutcome } from '../../src/model/status';
import type { RelationshipSummary } from '../../src/model/summary';
import { untilStatus } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { applyAndSync, parse, parseError, syncWell, writeFiles } from '../support/system/user';

const PROBE = `#!/bin/sh
[ ! -e "$TIDEMARK_VOLUME/sick" ] || { echo 'the wiki does not answer' >&2; exit 1; }
`;

const START = `#!/bin/sh
echo 'port 80 is taken' >&2
exit 1
`;

let system: TestSystem;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-switch-'));
  const hooks = join(folder, 'hooks');
  await writeFiles(hooks, { probe: PROBE, start: START });
  for (const hook of ['probe', 'start']) await chmod(join(hooks, hook), 0o755);
  const agent = { options: ['--allow-hooks', hooks] };
  system = await TestSystem.start({ agents: { alpha: agent, beta: agent } });
});

afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = (host: string, name: string, file = '') => join(folder, host, name, file);
const read = (host: string, name: string, file: string) => readFile(at(host, name, file), 'utf8');
const containing = (text: string) => expect.stringContaining(text) as string;
const get = (name: string) => system.json<RelationshipSummary>('get', name);

/** A relationship from alpha to beta, its first sync through. */
async function setUp(name: string, more: Partial<Parameters<typeof applyAndSync>[2]> = {}): Promise<void> {
  await mkdir(at('alpha', name), { recursive: true });
  await writeFile(at('alpha', name, 'page'), 'first');
  const record = await applyAndSync(system, name, {
    source: { host: 'alpha', directory: at('alpha', name) },
    targets: [{ host: 'beta', directory: at('beta', name) }],
    ...more,
  });
  expect(record.result).toBe('succeeded');
}

describe('failover, reverse and relocate', () => {
  beforeAll(async () => {
    await setUp('wiki');
    await writeFile(at('alpha', 'wiki', 'late'), 'never synced');
  });

  async function expectUntouched(): Promise<void> {
    expect(await get('wiki')).toMatchObject({
      phase: 'Idle',
      epoch: 1,
      direction: 'forward',
      takeover: null,
    });
    expect(await read('alpha', 'wiki', 'late')).toBe('never synced');
  }

  it('say by --dry-run what it would cost, and change nothing', async () => {
    const { exitCode, stdout } = await system.cli(['failover', 'wiki', '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^what a failover of wiki to beta costs\n/);
    expect(stdout).toMatch(/written at the source since +2 entries, .*\n +for example +late\n/);
    const { price } = await system.json<{ price: Price }>('failover', 'wiki', '--dry-run');
    expect(price).toMatchObject({ target: 'beta', objections: [], changed: { entries: 2 } });
    await expectUntouched();
  });

  it('refuse to go on where nobody can be asked and nobody said --yes', async () => {
    for (const command of [
      ['failover', 'wiki'],
      ['relocate', 'wiki'],
    ]) {
      const { exitCode, stderr } = await system.cli(command);
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: containing('add --yes') });
    }
    await expectUntouched();
  });

  it('refuse a recovery point and a target that there is not', async () => {
    const point = await system.cli([
      'failover',
      'wiki',
      '--point',
      'nonsense',
      '--accept-incomplete',
      '--yes',
    ]);
    expect(point).toMatchObject({ exitCode: 3, stderr: containing('tidemark points wiki') });
    const target = await system.cli(['failover', 'wiki', '--target', 'gamma', '--yes']);
    expect(target).toMatchObject({ exitCode: 3, stderr: containing('it has beta') });
    const reverse = await system.cli(['reverse', 'wiki', '--yes']);
    expect(reverse).toMatchObject({ exitCode: 3, stderr: containing('has not failed over') });
    await expectUntouched();
  });

  it('make the target the primary, and say how to come back: at once, by get and by describe', async () => {
    const { exitCode, stdout } = await system.cli(['failover', 'wiki', '--yes']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^wiki has failed over to beta \(epoch 2\)\n/);
    expect(stdout).toMatch(/tidemark reverse wiki .*\n +tidemark relocate wiki --target alpha /);
    expect(await get('wiki')).toMatchObject({
      phase: 'FailedOver',
      direction: 'reversed',
      epoch: 2,
      source: { host: 'beta' },
      operation: null,
      takeover: { target: 'beta', from: 'alpha', fenced: true },
    });
    const table = await system.cli(['get']);
    expect(table.stdout).toMatch(
      /FailedOver[^]*wiki has failed over from alpha to beta.*tidemark reverse wiki/,
    );
    const { stdout: described } = await system.cli(['describe', 'wiki']);
    expect(described).toMatch(/Failed over\n +Primary +beta, since [^]*Old primary +alpha, fenced/);
  });

  it('refuse syncs and relocations while nothing is replicated', async () => {
    for (const command of [
      ['sync', 'wiki'],
      ['relocate', 'wiki', '--yes'],
    ]) {
      const ran = await system.cli(command);
      expect(ran).toMatchObject({ exitCode: 3, stderr: containing('tidemark reverse wiki') });
    }
  });

  it('stop with a hint where both sides have changed, and have changed nothing', async () => {
    await writeFile(at('beta', 'wiki', 'page'), 'written at beta');
    const ran = await system.cli(['reverse', 'wiki', '--yes', '-o', 'json']);
    expect(ran.exitCode).toBe(3);
    const { type, hint } = parseError(ran);
    expect({ type, hint }).toEqual({
      type: 'Diverged',
      hint: containing('tidemark reverse wiki --accept-diverged'),
    });
    expect(await read('alpha', 'wiki', 'late')).toBe('never synced');
    expect(await get('wiki')).toMatchObject({ phase: 'FailedOver', epoch: 2 });
  });

  it('keep what the old primary alone has, make it a copy, and show the point that was kept', async () => {
    const { exitCode, stdout } = await system.cli(['reverse', 'wiki', '--accept-diverged', '--yes']);
    expect(exitCode).toBe(0);
    const [, kept] = /what alpha alone had is kept as (\S+-diverged)/.exec(stdout) ?? [];
    expect(await read('alpha', 'wiki', 'page')).toBe('written at beta');
    const points = await system.json<{ id: string; target: string; diverged: boolean }[]>('points', 'wiki');
    expect(points.filter(({ diverged }) => diverged)).toMatchObject([{ id: kept, target: 'alpha' }]);
    expect((await system.cli(['points', 'wiki'])).stdout).toMatch(/-diverged +alpha .* diverged\n/);
    expect(await get('wiki')).toMatchObject({ phase: 'Idle', direction: 'reversed', takeover: null });
  });

  it('go home by relocate, with nothing lost', async () => {
    await writeFile(at('beta', 'wiki', 'page'), 'the last word');
    const { exitCode, stdout } = await system.cli(['relocate', 'wiki', '--target', 'alpha', '--yes']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^wiki has moved to alpha \(epoch 3\); nothing was lost\n/);
    expect(await read('alpha', 'wiki', 'page')).toBe('the last word');
    await syncWell(system, 'wiki');
    expect(await get('wiki')).toMatchObject({ phase: 'Idle', direction: 'forward', epoch: 3 });
  });
});

describe('approve and cancel', () => {
  beforeAll(() => setUp('guarded', { approval: 'two' }));

  it('end an operation that nobody has approved, with nothing changed', async () => {
    const ended = system.cli(['relocate', 'guarded', '--yes']);
    await untilStatus(system, 'guarded', 'waits', ({ phase }) => phase === 'WaitingForApproval');
    const { exitCode, stdout } = await system.cli(['cancel', 'guarded']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/was cancelled, and what it had done is undone\n$/) as string,
    });
    expect((await ended).exitCode).toBe(1);
    const after = await untilStatus(system, 'guarded', 'is idle', ({ phase }) => phase === 'Idle');
    expect(after).toMatchObject({ direction: 'forward', epoch: 1 });
    expect(await system.cli(['cancel', 'guarded'])).toMatchObject({ exitCode: 3 });
  });

  it('let a failover go on once two people have approved, each by a name of their own', async () => {
    const ended = system.cli(['failover', 'guarded', '--yes']);
    await untilStatus(system, 'guarded', 'waits', ({ phase }) => phase === 'WaitingForApproval');
    expect((await system.cli(['get'])).stdout).toContain('tidemark approve guarded --by YOUR-NAME');
    for (const _time of ['first', 'second']) {
      const { exitCode, stdout: told } = await system.cli(['approve', 'guarded', '--by', 'anna']);
      expect(exitCode).toBe(0);
      expect(told).toContain('1 of 2 approvals (anna); 1 more person is needed');
    }
    const { operation } = await untilStatus(system, 'guarded', 'counts anna once', (status) =>
      Boolean(status.operation?.waiting?.text.includes('1 of 2 approvals (anna)')),
    );
    expect(operation).toMatchObject({ kind: 'failover', phase: 'WaitingForApproval' });
    const { stdout } = await system.cli(['approve', 'guarded', '--by', 'ben']);
    expect(stdout).toMatch(/^approved by ben: failover of guarded to beta/);
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(await get('guarded')).toMatchObject({ phase: 'FailedOver', epoch: 2 });
    expect(await system.cli(['approve', 'guarded', '--by', 'ben'])).toMatchObject({ exitCode: 3 });
  });
});

it('a failover that is parked after its promotion is left at that by cancel, and both commands say so', async () => {
  await setUp('stuck', { hooks: { afterPromote: [{ run: ['start'] }] } });
  const ended = system.cli(['failover', 'stuck', '--yes']);
  await untilStatus(system, 'stuck', 'is parked', ({ phase }) => phase === 'Parked');
  const { stdout } = await system.cli(['get']);
  expect(stdout).toMatch(/port 80 is taken[^]*tidemark resume stuck\n.*tidemark cancel stuck/);
  expect(await system.cli(['cancel', 'stuck'])).toMatchObject({
    exitCode: 0,
    stdout: containing('as it stands'),
  });
  const { exitCode, stderr } = await ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/stuck has failed over all the same[^]*tidemark reverse stuck[^]*port 80 is taken/);
  expect(await get('stuck')).toMatchObject({
    phase: 'FailedOver',
    takeover: { target: 'beta', fenced: true },
  });
});

describe('drill', () => {
  beforeAll(() => setUp('drilled', { hooks: { probeDrill: [{ run: ['probe'] }] } }));

  it('says that the service works on a clone, and how long that took', async () => {
    const outcome = await system.json<DrillOutcome>('drill', 'drilled');
    expect(outcome).toMatchObject({
      target: 'beta',
      result: 'succeeded',
      rtoSeconds: expect.any(Number) as number,
    });
    const { lastDrill } = await get('drilled');
    expect(lastDrill).toMatchObject({ target: 'beta', result: 'succeeded', rtoSeconds: outcome.rtoSeconds });
  });

  it('ends with 1 and the words of the probe where the service does not work there', async () => {
    await writeFile(at('alpha', 'drilled', 'sick'), '');
    await syncWell(system, 'drilled');
    const { exitCode, stdout } = await system.cli(['drill', 'drilled']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^drill of drilled at beta failed\n[^]*never answered[^]*the wiki does not answer\n/,
    );
    expect((await system.cli(['describe', 'drilled'])).stdout).toContain('the wiki does not answer');
    const failed = parse<DrillOutcome>(await system.cli(['drill', 'drilled', '-o', 'json']));
    expect(failed).toMatchObject({ result: 'failed', rtoSeconds: null, failure: { type: 'HookFailed' } });
    expect(await get('drilled')).toMatchObject({ phase: 'Idle', lastDrill: { result: 'failed' } });
  });

  it('is held by a schedule that is set, shown and taken away; a wrong one is wrong use', async () => {
    const set = await system.json<{ nextRun: string }>('drill', 'drilled', '--schedule', '0 4 1 * *');
    expect(set.nextRun).toMatch(/-01T04:00:00/);
    expect((await system.cli(['describe', 'drilled'])).stdout).toMatch(/Drills +0 4 1 \* \* UTC\n/);
    const none = await system.json<{ nextRun: null }>('drill', 'drilled', '--schedule', 'none');
    expect(none).toMatchObject({ schedule: null, nextRun: null });
    expect((await system.cli(['describe', 'drilled'])).stdout).not.toMatch(/^Drills /m);
    expect(await system.cli(['drill', 'drilled', '--schedule', '61 4 * * *'])).toMatchObject({ exitCode: 2 });
    const both = await system.cli(['drill', 'drilled', '--schedule', '0 4 1 * *', '--target', 'beta']);
    expect(both).toMatchObject({ exitCode: 2 });
  });
});
