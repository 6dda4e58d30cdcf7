/** By HTTP alone: what runs and how far it is, and what a token with a role may have done. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionAnswer, OperationView, RelationshipView } from '../../src/api/operation-view';
import type { EventsPage } from '../../src/catalog/contract';
import type { Price } from '../../src/model/price';
import { eventually, TestSystem } from '../support/system/system';
import { untilStatus } from '../support/system/switching';
import { syncWell, writeDocument } from '../support/system/user';

let folder: string;
let system: TestSystem;
const at = (...parts: string[]) => join(system.folder, ...parts);
const TOKEN = 'a token that operates';
const READ_TOKEN = 'a token that only reads';
const READER = { authorization: `Bearer ${READ_TOKEN}` };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-tokens-'));
  const tokens = [
    { name: 'ops', token: TOKEN, roles: ['operate'] },
    { name: 'ci', token: READ_TOKEN, roles: ['read'] },
  ];
  await writeFile(join(folder, 'tokens.yaml'), JSON.stringify({ tokens }), { mode: 0o600 });
  system = await TestSystem.start({
    controlOptions: [
      '--tokens',
      join(folder, 'tokens.yaml'),
      '--allow-actions',
      '--temporal-ui',
      'http://ui/',
    ],
  });
  await mkdir(at('alpha'), { recursive: true });
  await writeFile(at('alpha', 'page'), 'first');
  await system.apply(documentOf({}));
  await untilStatus(system, 'wiki', 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');
}, 120_000);

afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const documentOf = (more: object) =>
  writeDocument('wiki', {
    source: { host: 'alpha', directory: at('alpha') },
    targets: [{ host: 'beta', directory: at('beta') }],
    ...more,
  });

async function ask<T>(path: string, init: RequestInit = {}): Promise<{ status: number; body: T }> {
  const response = await fetch(system.httpAddress + path, { headers: READER, ...init });
  return { status: response.status, body: (await response.json()) as T };
}

const act = <T = ActionAnswer>(action: string, body: object = {}, token = TOKEN, more: object = {}) =>
  ask<T>(`/v1/relationships/wiki/actions/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  });

const urlOf = (operation: string | null) => `/v1/operations/${encodeURIComponent(operation ?? '')}`;

/** Every state of an operation that its stream told, until it ended. */
async function follow(operation: string | null): Promise<OperationView[]> {
  const response = await fetch(`${system.httpAddress}${urlOf(operation)}/stream`, { headers: READER });
  const events = (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('event: operation'));
  return events.map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)) as OperationView);
}

it('starts a sync, and tells how far it is until it has ended', async () => {
  await system.apply(documentOf({ mover: { rsync: { bandwidthLimit: '1MiB' } } }));
  await writeFile(
    at('alpha', 'big'),
    Buffer.alloc(3 * 1024 * 1024, 'x').map(() => Math.random() * 256),
  );
  const { status, body } = await act('sync', { reason: 'before the move' });
  expect([status, body.pending]).toEqual([200, false]);
  const running = await eventually('it is listed', async () => {
    const { operations } = (await ask<{ operations: OperationView[] }>('/v1/operations')).body;
    return operations.find(({ workflowId }) => workflowId === body.operation);
  });
  expect(running).toMatchObject({ relationship: 'wiki', kind: 'sync', state: 'running' });
  const told = await follow(body.operation);
  expect(told.at(-1)).toMatchObject({ state: 'succeeded', failure: null, progress: null });
  expect(told.at(-1)?.ui).toBe(
    `http://ui/namespaces/default/workflows/${encodeURIComponent(body.operation ?? '')}`,
  );
  const bytes = told.flatMap(({ progress }) => (progress ? [progress.bytesDone] : []));
  expect(bytes.length).toBeGreaterThan(1);
  expect(bytes).toEqual(bytes.toSorted((one, other) => one - other));
  const { events } = (await ask<EventsPage>('/v1/relationships/wiki/events?kind=sync&limit=1')).body;
  expect(events[0]?.actor).toEqual({ name: 'ops', via: 'http', reason: 'before the move' });
});

it('does nothing for a token without the role, nor for none, nor twice for one key', async () => {
  const before = (await ask<RelationshipView>('/v1/relationships/wiki')).body;
  expect(before).toMatchObject({ asked: 'relationship', why: null, summary: { name: 'wiki' } });
  expect((await act('pause', {}, READ_TOKEN)).status).toBe(403);
  expect((await act('pause', {}, 'nobody knows this')).status).toBe(401);
  const same = { 'idempotency-key': 'once' };
  const [one, other] = [await act('sync', {}, TOKEN, same), await act('sync', {}, TOKEN, same)];
  expect(one.body.operation).toBe(other.body.operation);
  await follow(one.body.operation);
  const after = (await ask<RelationshipView>('/v1/relationships/wiki')).body;
  expect(after.status.sequence).toBe(before.status.sequence + 1);
  expect(await act('approve')).toMatchObject({ status: 403 });
});

it('tells the price of a failover, and fails over only where the name is typed', async () => {
  await syncWell(system, 'wiki');
  await writeFile(at('alpha', 'late'), 'nobody has copied this');
  const { body: price } = await ask<Price>('/v1/relationships/wiki/price');
  expect(price).toMatchObject({
    target: 'beta',
    changed: { entries: expect.any(Number) as number },
    objections: [],
  });
  expect((await act('failover', { confirm: 'wik' })).status).toBe(400);
  const { body } = await act('failover', { confirm: 'wiki', target: 'beta', epoch: price.epoch });
  expect((await follow(body.operation)).at(-1)).toMatchObject({ kind: 'failover', state: 'succeeded' });
  // Somebody who decided by what was before is refused, in words.
  const late = await act<{ title: string }>('failover', { confirm: 'wiki', epoch: price.epoch });
  expect([late.status, typeof late.body.title]).toEqual([409, 'string']);
  expect((await ask<RelationshipView>('/v1/relationships/wiki')).body.status.takeover?.target).toBe('beta');
});

it('says of what is not there that it is not, and of a relationship that was deleted', async () => {
  for (const id of ['relationship/wiki/sync/999999', 'relationship/wiki', 'agent/alpha', '../wiki'])
    expect([id, (await ask(urlOf(id))).status]).toEqual([id, 404]);
  expect(await ask('/v1/relationships/nobody')).toMatchObject({ status: 404, body: { title: 'NotFound' } });
  const stream = `${system.httpAddress}${urlOf('relationship/wiki/sync/999999')}/stream`;
  expect((await fetch(stream, { headers: READER })).status).toBe(404);
  const spec = await fetch(`${system.httpAddress}/v1/relationships/wiki/spec?format=yaml`, {
    headers: READER,
  });
  expect([spec.headers.get('content-type'), await spec.text()]).toEqual([
    expect.stringContaining('application/yaml') as string,
    expect.stringContaining('kind: Relationship') as string,
  ]);
});
