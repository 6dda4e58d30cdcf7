/** One relationship that fans out to every host whose agent has the labels that it selects, with real processes. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailoverResult } from '../../src/api/messages';
import type { Applied } from '../../src/client/apply-one';
import { makeHostQueue } from '../../src/model/names';
import type { RelationshipInput } from '../../src/model/spec';
import type { RelationshipSummary } from '../../src/model/summary';
import { DROP_COPIED_MOUNTS } from '../support/storage/zfs';
import { attempt } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { syncNow, writeDocument, writeFiles } from '../support/system/user';

jest.setTimeout(180_000);

let system: TestSystem;
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

/** The machines of an edge have one path for the same thing: each agent sees a folder of its own there. */
function defineEdge(host: string, labels: string[]): void {
  const script = `${DROP_COPIED_MOUNTS}; mount --bind "$0" "$1" && shift && exec "$@"`;
  system.defineAgent(host, {
    options: ['--home', at('homes-of', host), ...labels.flatMap((label) => ['--label', label])],
    wrap: (argv) => ['unshare', '--mount', 'sh', '-c', script, at('disks', host), at('srv'), ...argv],
  });
}

async function startEdge(host: string, labels: string[]): Promise<void> {
  await mkdir(at('disks', host), { recursive: true });
  defineEdge(host, labels);
  system.launch(`agent:${host}`);
}

const wiki = (): RelationshipInput['spec'] => ({
  source: { host: 'alpha', directory: at('wiki') },
  targets: [
    {
      hostSelector: {
        matchLabels: { region: 'eu' },
        matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['test'] }],
      },
      directory: at('srv', 'wiki'),
    },
  ],
  retain: { last: 2 },
});
const summary = () => system.json<RelationshipSummary>('get', 'wiki');
const page = (host: string) => readFile(at('disks', host, 'wiki', 'page'), 'utf8');

/** Exactly these hosts are targets. */
const targetsAre = (...hosts: string[]) =>
  eventually(`the targets are ${hosts.join(', ')}`, async () => {
    const status = await system.status('wiki');
    return status.targets.map(({ host }) => host).join() === hosts.join() ? status : undefined;
  });
/** The page has come to each of them, and nothing runs any more. */
const haveCome = (text: string, ...hosts: string[]) =>
  eventually(`${text} has come to ${hosts.join(', ')}`, async () => {
    const pages = await Promise.all(hosts.map(page));
    const { operation } = await system.status('wiki');
    return !operation && pages.every((each) => each === text) ? true : undefined;
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-selected-'));
  await mkdir(at('srv'));
  await writeFiles(at('wiki'), { page: 'one' });
  // The source's own host has the labels too.
  system = await TestSystem.start({ agents: { alpha: { options: ['--label', 'region=eu'] } } });
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

test('labels that are none are refused at the start, with every reason', async () => {
  const labels = ['--label', 'region', '--label', 'a b=c', '--label', 'tier=-'];
  const { exitCode, stderr } = await system.cli(['agent', '--host', 'x', '--home', at('x'), ...labels]);
  expect(exitCode).toBe(2);
  for (const reason of ['"region" is no label', 'the key of "a b=c"', 'the value of "tier=-"'])
    expect(stderr).toContain(reason);
});

test('where nobody matches it is accepted, says so, and is down; nothing is said to have succeeded', async () => {
  const stdin = writeDocument('wiki', wiki());
  const dry = await system.cli(['apply', '-f', '-', '--dry-run'], { stdin });
  expect(dry.stdout).toMatch(/valid\n.*on 0 hosts with region=eu,tier notin \(test\): none yet/);
  const { stdout, stderr, exitCode } = await system.cli(['apply', '-f', '-', '--wait', '-o', 'json'], {
    stdin,
  });
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('no agent has the labels region=eu,tier notin (test)') as unknown,
  });
  expect((JSON.parse(stdout) as Applied[])[0]?.selections).toEqual([
    { selector: 'region=eu,tier notin (test)', volume: at('srv', 'wiki'), hosts: [] },
  ]);
  expect(await summary()).toMatchObject({
    ...{ status: 'down', phase: 'WaitingForHost', targets: [], lastSync: null },
    statusReason: expect.stringContaining('no agent has the labels') as unknown,
  });
  const sync = await system.cli(['sync', 'wiki']);
  expect({ code: sync.exitCode, text: sync.stderr }).toMatchObject({
    code: 3,
    text: expect.stringContaining('no agent has the labels') as unknown,
  });
  const { stdout: table } = await system.cli(['get']);
  expect(table).toMatch(/wiki +down/);
});

test('agents that come with the labels become targets by themselves; others do not, and the source is none', async () => {
  await startEdge('us1', ['region=us']);
  await startEdge('lab1', ['region=eu', 'tier=test']);
  await startEdge('edge1', ['region=eu']);
  await startEdge('edge2', ['region=eu', 'tier=edge']);
  await targetsAre('edge1', 'edge2');
  await haveCome('one', 'edge1', 'edge2');
  const { targets, selections, status } = await summary();
  expect(status).toBe('up');
  expect(targets.map(({ name, result }) => [name, result])).toEqual([
    ['edge1', 'succeeded'],
    ['edge2', 'succeeded'],
  ]);
  expect(selections).toMatchObject([{ hosts: ['edge1', 'edge2'] }]);
  const hosts = await system.json<{ name: string; labels: object; named: boolean }[]>('hosts');
  expect(hosts).toMatchObject([
    { name: 'alpha', labels: { region: 'eu' }, named: true },
    { name: 'edge1', labels: { region: 'eu' } },
    { name: 'edge2', labels: { region: 'eu', tier: 'edge' } },
    { name: 'lab1', labels: { tier: 'test' }, named: false },
    { name: 'us1', labels: { region: 'us' }, named: false },
  ]);
});

test('one that is merely away stays a target, also for a control worker that was killed; one that comes meanwhile is taken', async () => {
  await system.kill('agent:edge2');
  await system.kill('control');
  await startEdge('edge3', ['region=eu']);
  system.launch('control');
  await targetsAre('edge1', 'edge2', 'edge3');
  await haveCome('one', 'edge3');
  await writeFiles(at('wiki'), { page: 'two' });
  const record = await syncNow(system, 'wiki', { targets: ['edge1', 'edge3'] });
  expect(record.result).toBe('succeeded');
  expect(await Promise.all(['edge1', 'edge2', 'edge3'].map(page))).toEqual(['two', 'one', 'two']);
});

test('whose labels match no more is left off, and what it has stays; it is told of', async () => {
  await system.kill('agent:edge3', 'SIGTERM');
  await startEdge('edge3', ['region=us']);
  const { warnings } = await targetsAre('edge1', 'edge2');
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`^edge3:${at('srv', 'wiki')} is no target any more since `)),
  ]);
  await writeFiles(at('wiki'), { page: 'three' });
  expect((await syncNow(system, 'wiki', { targets: ['edge1'] })).result).toBe('succeeded');
  expect(await page('edge3')).toBe('two');
  await startAgain('edge3', ['region=eu']);
  expect((await targetsAre('edge1', 'edge2', 'edge3')).warnings).toEqual([]);
  await haveCome('three', 'edge3');
});

async function startAgain(host: string, labels: string[]): Promise<void> {
  await system.kill(`agent:${host}`, 'SIGTERM');
  await startEdge(host, labels);
}

test('a failover goes to one of them; as the primary it stays, whatever labels it has then', async () => {
  const { result, failure } = await attempt<FailoverResult>(system, 'wiki', 'failover', { target: 'edge1' });
  expect(failure).toBeUndefined();
  expect(result?.takeover).toMatchObject({ target: 'edge1', from: 'alpha' });
  await startAgain('edge1', ['region=us']);
  await eventually('the new labels are known', async () => {
    const hosts = await system.json<{ name: string; labels: { region?: string } }[]>('hosts');
    return hosts.find(({ name }) => name === 'edge1')?.labels.region === 'us' ? true : undefined;
  });
  const { document } = await system.status('wiki');
  expect(document.spec.source.host).toBe('edge1');
  expect(document.spec.targets.map(({ host }) => host)).toEqual(['alpha', 'edge2', 'edge3']);
});

test('a host that was forgotten is meant by no selector, and one that has an agent is not forgotten', async () => {
  const refused = await system.cli(['hosts', '--forget', 'edge3']);
  expect({ code: refused.exitCode, text: refused.stderr }).toMatchObject({
    code: 3,
    text: expect.stringContaining('an agent serves edge3') as unknown,
  });
  const temporal = await system.temporal();
  await eventually('Temporal has forgotten the agent that was killed', async () =>
    (await temporal.pollers(makeHostQueue('edge2'), 'activity')).length === 0 ? true : undefined,
  );
  await system.json('hosts', '--forget', 'edge2');
  await eventually('edge2 is left off', async () => {
    const { targets } = await system.status('wiki');
    return targets.some(({ host }) => host === 'edge2') ? undefined : true;
  });
});
