/** Changes of the primary that meet each other, a sync, a drill or a pause. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelationshipInput } from '../../src/model/spec';
import type { DrillOutcome } from '../../src/model/status';
import type { FailoverResult } from '../../src/api/messages';
import { awaitEnd, carryOut, start, untilStatus } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { syncWell, writeDocument } from '../support/system/user';

type Spec = RelationshipInput['spec'];

let system: TestSystem;
let hooks: string;
const at = (...parts: string[]) => join(system.folder, ...parts);

beforeAll(async () => {
  hooks = await mkdtemp(join(tmpdir(), 'tidemark-hooks-'));
  system = await TestSystem.start({ agents: { alpha: {}, beta: { options: ['--allow-hooks', hooks] } } });
});

afterAll(async () => {
  await system.stop();
  await rm(hooks, { recursive: true });
});

const spec = (name: string, more: Partial<Spec> = {}): Spec => ({
  source: { host: 'alpha', directory: at('alpha', name) },
  targets: [{ host: 'beta', directory: at('beta', name) }],
  ...more,
});

/** A relationship in step; its two folders. */
async function setUp(name: string, more?: Partial<Spec>): Promise<{ alpha: string; beta: string }> {
  await mkdir(at('alpha', name), { recursive: true });
  await writeFile(at('alpha', name, 'page'), 'first');
  await system.apply(writeDocument(name, spec(name, more)));
  await untilStatus(system, name, 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');
  return { alpha: at('alpha', name), beta: at('beta', name) };
}

const failedOver = (name: string) =>
  untilStatus(system, name, 'it has failed over', ({ phase }) => phase === 'FailedOver');

it('lets one of two operators fail over at the same moment, and tells the other', async () => {
  await setUp('two');
  const asked = await Promise.allSettled([1, 2].map(() => system.cli(['failover', 'two', '--yes'])));
  const ran = asked.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  expect(ran.map((each) => each?.exitCode).sort()).toEqual([0, 3]);
  expect(ran.find((each) => each?.exitCode === 3)?.stderr).toMatch(/runs already|has failed over/);
  expect(await failedOver('two')).toMatchObject({ epoch: 2 });
});

it('fails over in the middle of a sync: back to the last whole copy, and the sync ends', async () => {
  const { alpha, beta } = await setUp('syncing', { mover: { rsync: { bandwidthLimit: '256KiB' } } });
  await writeFile(join(alpha, 'page'), 'second');
  await writeFile(join(alpha, 'big'), randomBytes(8 * 1024 ** 2));
  await system.cli(['sync', 'syncing']);
  const { operation } = await untilStatus(
    system,
    'syncing',
    'a sync runs',
    (status) => status.operation?.kind === 'sync',
  );
  const { takeover } = await carryOut<FailoverResult>(system, 'syncing', 'failover');
  expect(takeover).toMatchObject({ fenced: true });
  expect((await awaitEnd(system, operation?.workflowId ?? '')).failure).toMatch(/Cancelled|ancel/);
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('first');
});

it('fails over in the middle of a drill, which ends as it would have', async () => {
  const hook = join(hooks, 'slow');
  await writeFile(hook, '#!/bin/sh\nsleep 5\ntest "$(cat "$TIDEMARK_VOLUME/page")" = first\n');
  await chmod(hook, 0o755);
  const { beta } = await setUp('drilling', { hooks: { probeDrill: [{ run: ['slow'] }] } });
  const drill = await start(system, 'drilling', 'drill');
  await carryOut<FailoverResult>(system, 'drilling', 'failover');
  await writeFile(join(beta, 'page'), 'at beta');
  expect((await awaitEnd<DrillOutcome>(system, drill)).result).toMatchObject({ result: 'succeeded' });
  expect(await readFile(join(beta, 'page'), 'utf8')).toBe('at beta');
});

it('fails over and back while it is paused, and stays so', async () => {
  const { alpha, beta } = await setUp('paused');
  await system.cli(['pause', 'paused']);
  await carryOut<FailoverResult>(system, 'paused', 'failover');
  await writeFile(join(beta, 'page'), 'at beta');
  await carryOut(system, 'paused', 'reverse');
  expect(await readFile(join(alpha, 'page'), 'utf8')).toBe('at beta');
  expect(await system.status('paused')).toMatchObject({ phase: 'Paused', paused: true });
});

it('refuses a target that never had a whole copy, unless that is accepted in words', async () => {
  const name = 'never';
  await mkdir(at('alpha', name), { recursive: true });
  await writeFile(at('alpha', name, 'big'), randomBytes(8 * 1024 ** 2));
  await system.apply(writeDocument(name, spec(name, { mover: { rsync: { bandwidthLimit: '64KiB' } } })));
  await untilStatus(system, name, 'its first sync runs', ({ operation }) => operation?.kind === 'sync');
  const refused = await system.cli(['failover', name, '--yes']);
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain('no sync to beta has ever ended');
  expect(await system.status(name)).toMatchObject({ direction: 'forward', epoch: 1 });
  const forced = await system.cli(['failover', name, '--yes', '--accept-incomplete']);
  expect(forced).toMatchObject({ exitCode: 0 });
  await failedOver(name);
});

it('says what a second way of asking means while one waits for an approval', async () => {
  await setUp('waiting', { approval: 'two' });
  const failover = await start(system, 'waiting', 'failover');
  await untilStatus(system, 'waiting', 'it waits', ({ phase }) => phase === 'WaitingForApproval');
  await expect(start(system, 'waiting', 'relocate')).rejects.toThrow();
  await system.cli(['cancel', 'waiting']);
  await awaitEnd(system, failover);
  await syncWell(system, 'waiting');
  expect(await system.status('waiting')).toMatchObject({ direction: 'forward' });
});
