/** How all relationships are, from what each told the catalog: as they are, and at once, whoever was killed meanwhile. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetAnswer } from '../../src/api/fleet-answer';
import { openCatalog } from '../../src/catalog/open';
import type { RelationshipSummary } from '../../src/model/summary';
import type { Step } from '../../src/client/operation-log';
import type { RelationshipEvent } from '../../src/model/events';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import { temporalCli } from '../support/system/temporal-cli';
import { untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

type Event = RelationshipEvent;

let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, ...parts);
const NAMES = ['mail', 'shop', 'wiki'] as const;

const documentOf = (name: string) =>
  writeDocument(
    name,
    {
      source: { host: 'alpha', directory: at('alpha', name) },
      targets: [{ host: 'beta', directory: at('beta', name) }],
      ...(name === 'shop' && { trigger: { schedule: '0 3 1 1 *' }, objectives: { rpo: '1h' } }),
    },
    { tier: name === 'wiki' ? 'gold' : 'iron' },
  );

async function askFleet(query = ''): Promise<FleetAnswer> {
  const response = await fetch(`${system.httpAddress}/v1/fleet${query}`);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer as FleetAnswer;
}
const namesOf = ({ relationships }: FleetAnswer) => relationships.map(({ name }) => name);
const one = async (name: string) => (await askFleet()).relationships.find((each) => each.name === name);
const untilSeen = (what: string, name: string, is: (summary: RelationshipSummary) => boolean) =>
  eventually(what, async () => {
    const summary = await one(name).catch(() => undefined);
    return summary && is(summary) ? summary : undefined;
  });

beforeAll(async () => {
  system = await TestSystem.start();
  for (const name of NAMES) {
    await mkdir(at('alpha', name), { recursive: true });
    await writeFile(at('alpha', name, 'page'), name);
    await system.apply(documentOf(name));
    await untilStatus(system, name, 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');
  }
}, 240_000);

afterAll(() => system.stop());

/** The same, but for what the passing of time changes, and what only Temporal's own Schedule knows. */
const timeless = ({ targets, nextRun: _run, lastDrill: _drill, ...more }: RelationshipSummary) => ({
  ...more,
  targets: targets.map(({ lagSeconds: _lag, statusReason: _reason, nextRun: _next, ...target }) => target),
  statusReason: '',
});

it('is what each relationship says of itself', async () => {
  for (const name of NAMES) {
    await syncWell(system, name);
    const exact = await system.json<RelationshipSummary>('get', name);
    expect(timeless((await one(name)) as RelationshipSummary)).toEqual(timeless(exact));
  }
  const listed = await system.json<RelationshipSummary[]>('get');
  expect(listed.map(({ name }) => name)).toEqual(NAMES);
});

it('knows of a change as soon as whoever asked for it has an answer', async () => {
  expect(await system.cli(['pause', 'wiki'])).toMatchObject({ exitCode: 0 });
  expect(await one('wiki')).toMatchObject({ paused: true, phase: 'Paused' });
  expect(await system.cli(['resume', 'wiki'])).toMatchObject({ exitCode: 0 });
  expect(await one('wiki')).toMatchObject({ paused: false });
});

describe('what happened', () => {
  const eventsOf = async (...args: string[]) => await system.json<Event[]>('history', ...args);
  const me = expect.stringMatching(/^.+@.+$/) as string;

  it('says who asked, by which door, why, and what came of it', async () => {
    expect(await system.cli(['pause', 'mail', '--reason', 'new disks'])).toMatchObject({ exitCode: 0 });
    expect(await system.cli(['pause', 'mail'])).toMatchObject({ exitCode: 0 });
    const signal = ['workflow', 'signal', '--workflow-id', makeRelationshipId('mail'), '--name', 'resume'];
    await temporalCli(system, ...signal);
    const [resumed, paused, ...more] = await eventually('both are told', async () => {
      const events = await eventsOf('mail', '--kind', 'paused,resumed');
      return events.length > 1 ? events : undefined;
    });
    const by = { name: me, via: 'cli', reason: 'new disks' };
    expect(paused).toMatchObject({ kind: 'paused', actor: by, result: 'succeeded' });
    expect(resumed).toMatchObject({ kind: 'resumed', actor: { name: null, via: 'temporal' } });
    // What changes nothing is no event.
    expect(more).toEqual([]);
    expect((await system.cli(['history', 'mail'])).stdout).toMatch(/paused .*@.* \(new disks\)\n/);
  });

  it('tells of a change of the spec which values it changed, and of operations their result', async () => {
    const document = JSON.parse(documentOf('mail')) as RelationshipInput;
    document.spec.retain = { last: 4 };
    await system.apply(JSON.stringify(document));
    expect(await system.cli(['verify', 'mail'])).toMatchObject({ exitCode: 0 });
    const restored = await system.cli(['restore', 'mail', '--point', 'latest', '--to', 'alpha:relative']);
    expect(restored.exitCode).not.toBe(0);
    const [verified, applied, created] = await eventsOf('mail', '--kind', 'applied,verify');
    expect(applied).toMatchObject({
      text: 'changed',
      changes: [expect.stringMatching(/^spec\.retain\.last: \d+ → 4$/)],
    });
    expect(created).toMatchObject({ text: 'created', changes: [] });
    expect(verified).toMatchObject({
      kind: 'verify',
      target: 'beta',
      result: 'succeeded',
      actor: { name: me },
    });
    const steps = await system.json<{ steps: Step[] }>('logs', 'mail');
    expect(steps.steps).toContainEqual(expect.objectContaining({ host: 'beta', result: 'succeeded' }));
  });

  it('is there of all relationships in one, page by page, and of a deleted one still', async () => {
    await mkdir(at('alpha', 'gone'), { recursive: true });
    await system.apply(documentOf('gone'));
    expect(await system.cli(['delete', 'gone', '--yes', '--reason', 'moved'])).toMatchObject({ exitCode: 0 });
    const [deleted] = await eventsOf('gone', '--kind', 'deleted');
    expect(deleted).toMatchObject({ kind: 'deleted', actor: { reason: 'moved' } });
    const all = await eventsOf('--all', '--since', '1h', '-n', '1000');
    expect(new Set(all.map(({ relationship }) => relationship))).toEqual(new Set([...NAMES, 'gone']));
    expect((await system.cli(['events', '-n', '3'])).stdout.split('\n').length).toBe(5);
    const wrong = await system.cli(['history', 'mail', '--kind', 'failovr']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('failover') as string });
  });
});

it('gives those that are asked for, in order, a page at a time, and counts them all', async () => {
  expect(namesOf(await askFleet('?label=tier%3Diron'))).toEqual(['mail', 'shop']);
  expect(namesOf(await askFleet('?search=i'))).toEqual(['mail', 'wiki']);
  const page = await askFleet('?limit=1&offset=1');
  expect(namesOf(page)).toEqual(['shop']);
  expect(page.counts).toMatchObject({ total: 3, status: { up: 3 }, phase: { Idle: 3 } });
  expect(page.trouble).toBeNull();
  expect(Date.parse(page.checkedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  expect((await askFleet('?status=down&status=warn')).counts.total).toBe(0);
  await expect(askFleet('?status=wonderful')).rejects.toThrow(/status: must be among up, warn, down/);
});

it('shows whom one asks for on the command line, by what they are and by their names', async () => {
  const names = async (...args: string[]) =>
    (await system.json<RelationshipSummary[]>('get', ...args)).map(({ name }) => name);
  expect(await names('-l', 'tier=iron')).toEqual(['mail', 'shop']);
  expect(await names('-l', 'tier!=iron', '--host', 'beta', '--phase', 'Idle')).toEqual(['wiki']);
  expect(await names('wiki', 'mail')).toEqual(['mail', 'wiki']);
  expect((await system.cli(['get', '-L', 'tier'])).stdout).toMatch(/^NAME .* TIER\n(.*iron\n){2}.*gold\n$/);
  expect((await system.cli(['get', '--search', 'nothing'])).stdout).toContain('no relationship is so');
  const some = await system.cli(['get', 'wiki', 'nobody']);
  expect(some).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^wiki +up/m) as string });
  expect(some.stderr).toBe('warning: there is no relationship nobody\n');
});

it('is paused, resumed and synced by what it is, asked for with a count', async () => {
  const asked = await system.cli(['pause', '-l', 'tier=iron']);
  expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('add --yes') as string });
  expect((await system.cli(['pause', 'wiki', '--all'])).stderr).toContain('exclude each other');
  expect((await system.cli(['pause', '-l', 'tier=lead', '--yes'])).exitCode).toBe(3);
  const paused = await system.cli(['pause', '-l', 'tier=iron', '--yes']);
  expect(paused.stdout).toBe('relationship mail paused\nrelationship shop paused\n');
  const some = await system.cli(['sync', '--all', '--yes', '--wait']);
  expect(some.exitCode).toBe(3);
  expect(some.stdout).toMatch(/wiki/);
  expect(some.stderr).toMatch(/^warning: mail: relationship mail is paused.*\nwarning: shop: /m);
  expect((await system.cli(['resume', '--all', '--yes'])).exitCode).toBe(0);
  const records = await system.json<{ result: string }[]>('sync', 'mail', 'shop', '--wait');
  expect(records.map(({ result }) => result)).toEqual(['succeeded', 'succeeded']);
});

it('is right again after a control worker was killed in the middle of changes, without being told once more', async () => {
  const client = await system.client();
  const paused = new Map<string, boolean>(NAMES.map((name) => [name, false]));
  for (let round = 0; round < 2; round++) {
    const changes = NAMES.map(async (name) => {
      const update = paused.get(name) ? 'resume' : 'pause';
      await client.workflow.getHandle(`relationship/${name}`).executeUpdate(update);
      paused.set(name, !paused.get(name));
    });
    await system.kill('control');
    system.launch('control');
    await Promise.all(changes);
    for (const name of NAMES)
      await untilSeen(`${name} is as it is`, name, (summary) => summary.paused === paused.get(name));
  }
  for (const name of NAMES) {
    if (paused.get(name)) await client.workflow.getHandle(`relationship/${name}`).executeUpdate('resume');
    expect(await one(name)).toMatchObject({ paused: false });
  }
});

it('is exported as what apply takes back unchanged, and compared with files', async () => {
  const exported = await system.cli(['export', ...NAMES]);
  expect(exported).toMatchObject({ exitCode: 0, stderr: '' });
  const again = await system.cli(['apply', '-f', '-', '-o', 'jsonpath={[*].outcome}'], {
    stdin: exported.stdout,
  });
  expect(again.stdout).toBe('unchanged unchanged unchanged\n');
  expect((await system.cli(['diff', '-f', '-'], { stdin: exported.stdout })).exitCode).toBe(0);
  const other = exported.stdout.replace(/last: \d+/, 'last: 77');
  const differs = await system.cli(['diff', '-f', '-'], { stdin: other });
  expect(differs).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/would be changed\n {2}spec\.retain\.last: \d+ → 77\n/) as string,
  });
});

it('is waited for, and not for longer than asked', async () => {
  const waiting = system.cli(['wait', 'mail', '--for', 'synced', '--timeout', '1m']);
  await syncWell(system, 'mail');
  // The sync may have begun before the waiting.
  await syncWell(system, 'mail');
  expect(await waiting).toMatchObject({ exitCode: 0 });
  const late = await system.cli(['wait', 'mail', '--for', 'phase=Paused', '--timeout', '1s']);
  expect(late).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('mail is Idle') as string });
  const wrong = await system.cli(['wait', 'mail', '--for', 'phase=Idel']);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('phase=Idle') as string });
  expect((await system.cli(['get', '-o', 'name'])).stdout).toBe(`${NAMES.join('\n')}\n`);
});

it('finds by Temporal who was never heard, and who is not there any more', async () => {
  await system.kill('control', 'SIGTERM');
  const catalog = await openCatalog({ dataDir: at('control', 'catalog') });
  try {
    await catalog.removeState('mail');
    await catalog.recordStates(
      (await catalog.states(['wiki'])).map(({ status, toldAt }) => ({
        status: { ...status, name: 'ghost' },
        at: toldAt,
      })),
    );
  } finally {
    await catalog.close();
  }
  system.launch('control');
  await untilSeen('mail is known again', 'mail', ({ phase }) => phase === 'Idle');
  // Of a name that Temporal never knew: somebody has to look.
  await untilSeen('the ghost is down', 'ghost', ({ vanished }) => vanished?.how === 'lost');
});

it('finds a Schedule that somebody paused or deleted in the Temporal UI, and that it ticks again', async () => {
  const client = await system.client();
  const schedule = client.schedule.getHandle('shop');
  expect(await one('shop')).toMatchObject({ scheduleTrouble: null, nextRun: expect.any(String) as string });
  await schedule.pause('a click');
  const seen = await untilSeen('it is said', 'shop', ({ scheduleTrouble }) => scheduleTrouble === 'paused');
  expect(seen.nextRun).toBeNull();
  await system.cli(['resume', 'shop']);
  await untilSeen('it ticks', 'shop', ({ scheduleTrouble, nextRun }) => !scheduleTrouble && nextRun !== null);
  await schedule.delete();
  await untilSeen('it is missed', 'shop', ({ scheduleTrouble }) => scheduleTrouble === 'missing');
  expect((await system.cli(['get'])).stdout).toContain('shop: its Schedule in Temporal is missing');
});

it('says that Temporal does not answer, and what was last known', async () => {
  process.kill(system.pid('temporal'), 'SIGSTOP');
  try {
    const { trouble, relationships } = await eventually('it is noticed', async () => {
      const answer = await askFleet();
      return answer.trouble === null ? undefined : answer;
    });
    expect(trouble).toBe('Temporal does not answer');
    expect(relationships.map(({ name }) => name)).toEqual(expect.arrayContaining([...NAMES]) as string[]);
    const { stdout, stderr } = await system.cli(['get']);
    expect(stdout).toMatch(/^wiki +up/m);
    expect(stderr).toMatch(/Temporal does not answer; this is what relationships told last/);
    expect((await system.cli(['get', '--check'])).stdout).toContain(
      'UNKNOWN tidemark: Temporal does not answer',
    );
  } finally {
    process.kill(system.pid('temporal'), 'SIGCONT');
  }
  await eventually('it is well again', async () => ((await askFleet()).trouble === null ? true : undefined));
});

it('forgets who was deleted, at once', async () => {
  expect(await system.cli(['delete', 'mail', '--yes'])).toMatchObject({ exitCode: 0 });
  expect(namesOf(await askFleet())).not.toContain('mail');
  await system.cli(['delete', 'wiki', '--yes']);
  expect(namesOf(await askFleet())).not.toContain('wiki');
});
