import SwaggerParser from '@apidevtools/swagger-parser';
import type { FastifyInstance } from 'fastify';
import { FakeCatalog, makeRelationshipEntry } from '../../../test/support/model/catalog-fake';
import { makeDocument, minute } from '../../../test/support/model/records';
import { makeFakeOperations, OPERATION } from '../../../test/support/model/operations-fake';
import { makeStatus } from '../../../test/support/model/status';
import { ACTIONS } from '../../api/operation-view';
import type { PointEntry } from '../../catalog/contract';
import { TidemarkError } from '../../model/errors';
import type { StatesSource } from '../fleet/known-states';
import { makeHttpApp, startHttp, type HttpOptions } from './app';

const TOKEN = 'correct horse battery staple';
const ROUTES = [
  '/healthz',
  '/v1/relationships',
  '/v1/relationships/{name}',
  '/v1/relationships/{name}/spec',
  '/v1/relationships/{name}/price',
  '/v1/operations',
  '/v1/operations/{id}',
  '/v1/operations/{id}/stream',
  '/v1/whoami',
  '/v1/relationships/{name}/history',
  '/v1/relationships/{name}/points',
  '/v1/relationships/{name}/events',
  '/v1/events',
  '/v1/hosts',
  '/v1/fleet',
  '/v1/notices',
  '/metrics',
  '/openapi.json',
];
const GUARDED = ROUTES.filter((route) => route !== '/healthz').map((route) =>
  route.replace('{name}', 'wiki').replace('{id}', encodeURIComponent(OPERATION.workflowId)),
);

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const TOLD = { named: true, labels: { region: 'eu' }, toldAt: minute(0) };

function makeOptions(overrides: Partial<HttpOptions> = {}): HttpOptions {
  const relationships = [
    makeRelationshipEntry(makeDocument('wiki'), minute(1)),
    makeRelationshipEntry(makeDocument('former'), null, { retiredAt: minute(2) }),
  ];
  return {
    catalog: new FakeCatalog({ relationships }),
    temporal: {
      hosts: () =>
        Promise.resolve([
          { name: 'alpha', seen: true, lastSeenAt: minute(1), identities: ['1@alpha'], ...TOLD },
        ]),
    },
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      text: () => Promise.resolve('tidemark_up 1\n'),
    },
    operations: makeFakeOperations(),
    listen: { host: '127.0.0.1', port: 0 },
    ...overrides,
  };
}

async function makeApp(overrides: Partial<HttpOptions> = {}): Promise<FastifyInstance> {
  const app = await makeHttpApp(makeOptions(overrides));
  apps.push(app);
  return app;
}

describe('who is answered', () => {
  test('on the loopback everybody, without a token', async () => {
    const app = await makeApp();
    for (const url of ['/healthz', ...GUARDED]) expect((await app.inject(url)).statusCode).toBe(200);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org', ''])(
    'it does not listen on %p without a token',
    async (host) => {
      await expect(makeHttpApp(makeOptions({ listen: { host, port: 0 } }))).rejects.toMatchObject({
        type: 'AuthRejected',
        details: { hint: expect.stringContaining('TIDEMARK_TOKEN') as string },
      });
      await expect(
        makeHttpApp(makeOptions({ listen: { host, port: 0 }, token: ' \n' })),
      ).rejects.toMatchObject({
        type: 'AuthRejected',
      });
    },
  );

  test('with a token every route but /healthz wants it, also on the loopback', async () => {
    const app = await makeApp({ token: `${TOKEN}\n` });
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    for (const url of GUARDED) {
      for (const authorization of [
        undefined,
        'Bearer wrong',
        `Bearer ${TOKEN}x`,
        `Basic ${TOKEN}`,
        'Bearer ',
        TOKEN,
      ]) {
        const refused = await app.inject({
          url,
          headers: authorization === undefined ? {} : { authorization },
        });
        expect([url, authorization, refused.statusCode]).toEqual([url, authorization, 401]);
        expect(refused.json()).toEqual({
          type: 'urn:tidemark:problem:Unauthorized',
          title: 'Unauthorized',
          status: 401,
          detail: 'a token is needed, or this one is not known',
          hint: 'send Authorization: Bearer TOKEN',
        });
        expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
        expect(refused.headers['www-authenticate']).toBe('Bearer');
      }
      const answered = await app.inject({ url, headers: { authorization: `Bearer ${TOKEN}` } });
      expect([url, answered.statusCode]).toEqual([url, 200]);
    }
  });

  test.each([
    'evil.example',
    'evil.example:7480',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'user@evil',
    '127.0.0.1/@evil.example',
  ])('a page that points the name %p at the loopback is refused', async (host) => {
    const app = await makeApp();
    for (const url of ['/healthz', ...GUARDED, '/nothing']) {
      const refused = await app.inject({ url, headers: { host } });
      expect([url, refused.statusCode, refused.json<{ title: string }>().title]).toEqual([
        url,
        403,
        'Forbidden',
      ]);
    }
  });

  test.each(['localhost', 'localhost:7480', 'tide.localhost', '127.0.0.1:1', '[::1]:7480', '192.0.2.1'])(
    'the name %p is our own',
    async (host) => {
      const app = await makeApp();
      expect((await app.inject({ url: '/v1/hosts', headers: { host } })).statusCode).toBe(200);
    },
  );

  test('with a token any name may lead here', async () => {
    const app = await makeApp({ token: TOKEN });
    const headers = { host: 'tidemark.example', authorization: `Bearer ${TOKEN}` };
    expect((await app.inject({ url: '/v1/hosts', headers })).statusCode).toBe(200);
  });

  test('no page of another origin is let in by CORS', async () => {
    const app = await makeApp();
    const { headers } = await app.inject({ url: '/v1/hosts', headers: { origin: 'https://evil.example' } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('what is answered', () => {
  test('relationships, deleted ones only when asked for', async () => {
    const app = await makeApp();
    const names = async (url: string) =>
      (await app.inject(url)).json<{ name: string }[]>().map(({ name }) => name);
    expect(await names('/v1/relationships')).toEqual(['wiki']);
    expect(await names('/v1/relationships?retired=true')).toEqual(['wiki', 'former']);
  });

  test('each target with its status, and of a deleted relationship none', async () => {
    const app = await makeApp();
    expect((await app.inject('/v1/relationships?retired=true')).json()).toMatchObject([
      {
        name: 'wiki',
        status: 'up',
        statusReason: expect.stringMatching(/^beta lag .*, no rpo, no schedule$/) as string,
        targets: [{ name: 'beta', result: 'succeeded', errorType: null, status: 'up' }],
      },
      { name: 'former', status: null, statusReason: null, targets: [{ status: null, statusReason: null }] },
    ]);
  });

  test('hosts and metrics as they come', async () => {
    const app = await makeApp();
    expect((await app.inject('/v1/hosts')).json()).toEqual([
      { name: 'alpha', seen: true, lastSeenAt: minute(1), identities: ['1@alpha'], ...TOLD },
    ]);
    const metrics = await app.inject('/metrics');
    expect([metrics.headers['content-type'], metrics.body]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      'tidemark_up 1\n',
    ]);
  });

  test('history and points, with limit, page and target passed on', async () => {
    const catalog = new FakeCatalog({ relationships: [makeRelationshipEntry(makeDocument('wiki'))] });
    const app = await makeApp({ catalog });
    await app.inject('/v1/relationships/wiki/history');
    await app.inject('/v1/relationships/wiki/history?limit=7&before=42');
    await app.inject(`/v1/relationships/wiki/history?before=${minute(3)}`);
    await app.inject('/v1/relationships/wiki/points?target=beta');
    expect(catalog.calls).toEqual([
      ['history', 'wiki', { limit: 50 }],
      ['history', 'wiki', { limit: 7, before: 42 }],
      ['history', 'wiki', { limit: 50, before: minute(3) }],
      ['points', 'wiki', 'beta'],
    ]);
  });

  test('of points that are only copies whether they may be torn, as the relationship itself says, or that nobody knows', async () => {
    const document = makeDocument('wiki');
    const point = (id: string, method: PointEntry['method']): PointEntry => ({
      ...{ id, target: 'beta', syncId: 's', capturedAt: minute(1), publishedAt: minute(1), verified: null },
      ...{ keptBecause: [], bytes: 1, files: 1, method, identity: id, leftOut: [] },
    });
    const catalog = new FakeCatalog({
      relationships: [makeRelationshipEntry(document)],
      points: [point('kept', 'Snapshot'), point('only', 'Direct')],
    });
    const torn = async (states?: StatesSource) => {
      const app = await makeApp({ catalog, ...(states && { states }) });
      return (await app.inject('/v1/relationships/wiki/points'))
        .json<PointEntry[]>()
        .map((each) => each.torn);
    };
    expect(await torn()).toEqual([false, null]);
    const status = makeStatus('wiki');
    status.targets = status.targets.map((target) => ({ ...target, recoveryPoint: 'only', torn: true }));
    const states: StatesSource = { states: () => Promise.resolve(new Map([['wiki', { status }]])) };
    expect(await torn(states)).toEqual([false, true]);
    status.targets.forEach((target) => delete target.torn);
    expect(await torn(states)).toEqual([false, false]);
  });

  test('the history of a deleted relationship too', async () => {
    const app = await makeApp();
    expect((await app.inject('/v1/relationships/former/history')).statusCode).toBe(200);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['/v1/relationships/wikki/history', 'there is no relationship wikki', 'did you mean wiki?'],
    ['/v1/relationships/zzzzzzzz/points', 'there is no relationship zzzzzzzz', 'tidemark get lists them all'],
    ['/v1/nothing?x=1', 'there is no GET /v1/nothing', 'see /openapi.json'],
  ])('%s is not found, with a guess', async (url, message, hint) => {
    const answer = await (await makeApp()).inject(url);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ title: 'NotFound', detail: message, hint });
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'before=yesterday', 'before=', 'before=-1'])(
    'the query %s is refused, naming the parameter',
    async (query) => {
      const answer = await (await makeApp()).inject(`/v1/relationships/wiki/history?${query}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        title: 'InvalidRequest',
        detail: expect.stringContaining(`${query.split('=')[0]}: `) as string,
      });
    },
  );

  test('a catalog that does not answer is said, without what is for the log alone', async () => {
    const catalog = new FakeCatalog();
    const app = await makeApp({ catalog });
    catalog.broken = new TidemarkError('ToolFailed', 'the catalog database cannot be reached', {
      toolMessage: 'at /root/secret',
      hint: 'check it',
    });
    for (const url of ['/healthz', '/v1/relationships', '/v1/relationships/wiki/points']) {
      const answer = await app.inject(url);
      const problem = {
        title: 'ToolFailed',
        detail: 'the catalog database cannot be reached',
        hint: 'check it',
      };
      expect([url, answer.statusCode, answer.json()]).toMatchObject([url, 503, problem]);
    }
    catalog.broken = new Error('a stack of secrets');
    const answer = await app.inject('/v1/relationships');
    expect([answer.statusCode, answer.body]).toEqual([500, expect.not.stringContaining('secrets')]);
  });

  test('a port that is taken is said', async () => {
    const first = await startHttp(makeOptions());
    const port = Number(new URL(first.address).port);
    await expect(startHttp(makeOptions({ listen: { host: '127.0.0.1', port } }))).rejects.toMatchObject({
      type: 'ToolFailed',
      message: `port ${port} of 127.0.0.1 is taken by another process`,
    });
    await first.close();
  });

  test('an address of another machine is said', async () => {
    await expect(
      startHttp(makeOptions({ listen: { host: '192.0.2.1', port: 0 }, token: TOKEN })),
    ).rejects.toMatchObject({
      type: 'ToolFailed',
      message: '192.0.2.1 is not an address of this machine',
    });
  });
});

describe('/openapi.json', () => {
  test('is a valid OpenAPI 3 document of every route', async () => {
    const app = await makeApp({ token: TOKEN });
    const answer = await app.inject({ url: '/openapi.json', headers: { authorization: `Bearer ${TOKEN}` } });
    const document = answer.json<{ openapi: string; paths: Record<string, Path> }>();
    // The validator changes what it is given.
    await SwaggerParser.validate(structuredClone(document) as never);
    expect(document.openapi).toMatch(/^3\./);
    const actions = ACTIONS.map((action) => `/v1/relationships/{name}/actions/${action}`);
    expect(Object.keys(document.paths).toSorted()).toEqual([...ROUTES, ...actions].toSorted());
    for (const [path, { get, post }] of Object.entries(document.paths)) {
      const operation = (get ?? post) as Operation;
      expect([path, operation.summary?.length, operation.operationId?.length]).toEqual([
        path,
        expect.any(Number),
        expect.any(Number),
      ]);
      expect([path, Object.keys(operation.responses)]).toEqual([path, expect.arrayContaining(['200'])]);
      for (const { name, description } of operation.parameters ?? [])
        expect([path, name, description]).not.toContain(undefined);
    }
  });

  interface Path {
    get?: Operation;
    post?: Operation;
  }
  interface Operation {
    summary?: string;
    operationId?: string;
    responses: Record<string, unknown>;
    parameters?: { name: string; description?: string }[];
  }
});

test('answers on a real socket until it is closed', async () => {
  const listening = await startHttp(makeOptions());
  const { address } = listening;
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(`${address}/healthz`)).json()).toEqual({ status: 'ok' });
  await listening.close();
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
});
