import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeCatalog, makeRelationshipEntry } from '../../../test/support/model/catalog-fake';
import { makeFakeOperations } from '../../../test/support/model/operations-fake';
import { makeDocument } from '../../../test/support/model/records';
import { ACTIONS, roleFor } from '../../api/operation-view';
import { ClientError } from '../../client/exit-codes';
import { makeHttpApp } from './app';
import type { OperationsSource } from './operations';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-actions-'));
const tokensPath = join(folder, 'tokens.yaml');
const TOKENS = {
  read: 'a token that reads',
  operate: 'a token that operates',
  approve: 'a token that approves',
};
writeFileSync(
  tokensPath,
  JSON.stringify({ tokens: Object.entries(TOKENS).map(([name, token]) => ({ name, token, roles: [name] })) }),
  { mode: 0o600 },
);

const apps: FastifyInstance[] = [];
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  rmSync(folder, { recursive: true });
});

async function makeApp(operations: OperationsSource, allowActions = true): Promise<FastifyInstance> {
  const app = await makeHttpApp({
    catalog: new FakeCatalog({ relationships: [makeRelationshipEntry(makeDocument('wiki'))] }),
    temporal: { hosts: () => Promise.resolve([]) },
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
    listen: { host: '127.0.0.1', port: 0 },
    ...{ operations, allowActions, tokensPath },
  });
  apps.push(app);
  return app;
}

type Name = keyof typeof TOKENS;

function post(
  app: FastifyInstance,
  action: string,
  token: Name | undefined,
  body: object = {},
  more: object = {},
) {
  return app.inject({
    method: 'POST',
    url: `/v1/relationships/wiki/actions/${action}`,
    headers: { ...(token && { authorization: `Bearer ${TOKENS[token]}` }), ...more },
    payload: body,
  });
}

test('nothing is done for anybody where actions are not allowed', async () => {
  const asked: unknown[][] = [];
  const app = await makeApp(makeFakeOperations(asked), false);
  for (const action of ACTIONS) {
    const answer = await post(app, action, 'operate', { confirm: 'wiki' });
    expect([answer.statusCode, answer.json<{ title: string }>().title]).toEqual([403, 'ActionsOff']);
  }
  expect(asked).toEqual([]);
  await expect(
    makeHttpApp({
      catalog: new FakeCatalog(),
      temporal: { hosts: () => Promise.resolve([]) },
      metrics: { contentType: '', text: () => Promise.resolve('') },
      listen: { host: '127.0.0.1', port: 0 },
      allowActions: true,
    }),
  ).rejects.toMatchObject({ type: 'AuthRejected' });
});

test('each action is for its role alone', async () => {
  const asked: unknown[][] = [];
  const app = await makeApp(makeFakeOperations(asked));
  const who = await app.inject({ url: '/v1/whoami', headers: { authorization: `Bearer ${TOKENS.operate}` } });
  expect(who.json()).toEqual({ name: 'operate', roles: ['read', 'operate'], actionsAllowed: true });
  for (const action of ACTIONS) {
    const role = roleFor(action);
    const needed = ['failover', 'relocate', 'reverse'].includes(action) ? { confirm: 'wiki' } : {};
    for (const token of [undefined, 'read', 'operate', 'approve'] as const) {
      const { statusCode } = await post(app, action, token, needed);
      expect([action, token, statusCode]).toEqual([
        action,
        token,
        token === undefined ? 401 : token === role ? 200 : 403,
      ]);
    }
  }
  expect(asked).toHaveLength(ACTIONS.length);
});

test('who asked, and why, goes along, and what is sent twice is asked once', async () => {
  const asked: unknown[][] = [];
  const app = await makeApp(makeFakeOperations(asked));
  const body = { target: 'beta', reason: 'the fire' };
  expect((await post(app, 'verify', 'operate', body, { 'idempotency-key': 'abc' })).statusCode).toBe(200);
  const by = { name: 'operate', via: 'http', reason: 'the fire' };
  expect(asked).toEqual([['wiki', 'verify', { target: 'beta' }, by, 'abc']]);
  await post(app, 'approve', 'approve');
  expect(asked[1]).toEqual([
    'wiki',
    'approve',
    { by: 'approve' },
    { name: 'approve', via: 'http' },
    undefined,
  ]);
});

test('a failover wants the name typed, and nothing it does not know', async () => {
  const asked: unknown[][] = [];
  const app = await makeApp(makeFakeOperations(asked));
  const titleOf = async (body: object) =>
    (await post(app, 'failover', 'operate', body)).json<{ title: string }>().title;
  expect(await titleOf({ confirm: 'Wiki' })).toBe('NotConfirmed');
  expect(await titleOf({})).toBe('InvalidRequest');
  expect(await titleOf({ confirm: 'wiki', force: true })).toBe('InvalidRequest');
  expect(await titleOf({ confirm: 'wiki', epoch: 'x' })).toBe('InvalidRequest');
  expect(asked).toEqual([]);
});

test.each([
  ['RefusedByState', 409],
  ['Fenced', 409],
  ['NotFound', 404],
  ['InvalidSpec', 400],
  ['Unreachable', 503],
])('what a relationship refuses as %s is a problem of status %i, in its words', async (type, status) => {
  const operations = makeFakeOperations();
  operations.act = () => Promise.reject(new ClientError(type, 'not now', { hint: 'later' }));
  const answer = await post(await makeApp(operations), 'sync', 'operate');
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ title: type, status, detail: 'not now', hint: 'later' });
});

test('a relationship that can not be asked is shown as it was told last, or not at all', async () => {
  const operations = makeFakeOperations();
  operations.status = () => Promise.reject(new ClientError('Unreachable', 'Temporal does not answer'));
  const app = await makeApp(operations);
  const headers = { authorization: `Bearer ${TOKENS.read}`, host: 'tidemark.example' };
  const url = '/v1/relationships/wiki';
  expect((await app.inject({ url, headers })).statusCode).toBe(503);
  operations.status = () => Promise.reject(new Error('a stack of secrets'));
  const broken = await app.inject({ url, headers });
  expect([broken.statusCode, broken.body]).toEqual([500, expect.not.stringContaining('secrets')]);
});
