/** Every route by its own description, with nonsense: it never breaks, and answers as it says. */
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FakeCatalog, makeRelationshipEntry } from '../../../test/support/model/catalog-fake';
import { makeFakeOperations } from '../../../test/support/model/operations-fake';
import { makeDocument } from '../../../test/support/model/records';
import { makeHttpApp } from './app';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
}
interface Described {
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: { properties?: Record<string, unknown> } } } };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
type Paths = Record<string, Partial<Record<'get' | 'post', Described>>>;

const TOKEN = 'a token that may do everything';
const folder = mkdtempSync(join(tmpdir(), 'tidemark-fuzz-'));
const tokensPath = join(folder, 'tokens.yaml');
writeFileSync(
  tokensPath,
  JSON.stringify({ tokens: [{ name: 'all', token: TOKEN, roles: ['operate', 'approve'] }] }),
  {
    mode: 0o600,
  },
);

let app: FastifyInstance;
let paths: Paths;
beforeAll(async () => {
  app = await makeHttpApp({
    catalog: new FakeCatalog({ relationships: [makeRelationshipEntry(makeDocument('wiki'))] }),
    temporal: { hosts: () => Promise.resolve([]) },
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('tidemark_up 1\n') },
    listen: { host: '127.0.0.1', port: 0 },
    operations: makeFakeOperations(),
    allowActions: true,
    tokensPath,
  });
  paths = (await app.inject({ url: '/openapi.json', headers: { authorization: `Bearer ${TOKEN}` } })).json<{
    paths: Paths;
  }>().paths;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const HOSTILE = [
  ...[
    'wiki',
    '',
    ' ',
    '..',
    '../../etc/passwd',
    '%00',
    '\0',
    '\u202e',
    "' or 1=1 --",
    '{{7*7}}',
    '__proto__',
  ],
  ...[
    '-1',
    '0',
    '1',
    '1e9',
    '99999999999999999999',
    'NaN',
    'null',
    'true',
    '2026-11-30T08:00:00Z',
    '0003-02-28T03:39:33-22:00',
    'x'.repeat(5000),
  ],
];
const nonsense = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }));

const bodyFor = ({ requestBody }: Described) => {
  const known = Object.keys(requestBody?.content['application/json'].schema.properties ?? {});
  const value = fc.oneof(nonsense, fc.jsonValue(), fc.constant('wiki'));
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .dictionary(fc.oneof(fc.constantFrom('confirm', ...known), fc.string()), value)
        .map((o) => JSON.stringify(o)),
    },
    { weight: 1, arbitrary: fc.jsonValue().map((each) => JSON.stringify(each) ?? '') },
    { weight: 1, arbitrary: nonsense },
  );
};

/** Everything that comes is as some answer of that status is described. */
function expectDescribed(
  where: string,
  { responses }: Described,
  status: number,
  type: string,
  body: string,
): void {
  const content = responses[String(status)]?.content;
  expect([where, status, content !== undefined, body.slice(0, 300)]).toEqual([
    where,
    status,
    true,
    expect.anything(),
  ]);
  const described = Object.entries(content ?? {}).find(([each]) => type.startsWith(each));
  expect([where, status, type, described?.[0]]).toEqual([where, status, type, expect.any(String)]);
  if (!described || !type.includes('json')) return;
  const { success, error } = z.fromJSONSchema(described[1].schema as never).safeParse(JSON.parse(body));
  expect([where, success, error?.message]).toEqual([where, true, undefined]);
}

test('whatever is asked, the answer is one that its description knows', async () => {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      path,
      method: method as 'get' | 'post',
      described,
    })),
  );
  expect(operations.length).toBeGreaterThan(20);
  for (const { path, method, described } of operations) {
    const parameters = described.parameters ?? [];
    const values = fc.record(
      Object.fromEntries(parameters.map(({ name }) => [name, fc.option(nonsense, { nil: undefined })])),
    );
    await fc.assert(
      fc.asyncProperty(values, bodyFor(described), async (given, body) => {
        const inPath = (name: string) => encodeURIComponent((given[name] ?? 'wiki').toWellFormed());
        const query = parameters.flatMap(({ name, in: place }) =>
          place === 'query' && given[name] !== undefined
            ? [[name, given[name].toWellFormed()] as [string, string]]
            : [],
        );
        const url = `${path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => inPath(name))}?${new URLSearchParams(query).toString()}`;
        const answer = await app.inject({
          method: method === 'get' ? 'GET' : 'POST',
          url,
          headers: {
            authorization: `Bearer ${TOKEN}`,
            ...(method === 'post' && { 'content-type': 'application/json' }),
          },
          ...(method === 'post' && { payload: body }),
        });
        // A name that is empty, or dots alone, is another path.
        if (answer.statusCode === 404 && answer.body.includes('there is no GET')) return;
        if (answer.statusCode === 404 && answer.body.includes('there is no POST')) return;
        const type = String(answer.headers['content-type']);
        expectDescribed(`${method} ${url}`, described, answer.statusCode, type, answer.body);
      }),
      { numRuns: 25 },
    );
  }
});

test('what is no JSON, or too much of it, is a problem like any other', async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const send = (payload: string, type = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/v1/relationships/wiki/actions/sync',
      headers: { ...headers, 'content-type': type },
      payload,
    });
  for (const [payload, type, status] of [
    ['{', 'application/json', 400],
    ['', 'application/json', 400],
    [JSON.stringify({ reason: 'x'.repeat(2_000_000) }), 'application/json', 413],
    ['reason=x', 'application/x-www-form-urlencoded', 415],
  ] as const) {
    const answer = await send(payload, type);
    expect([type, answer.statusCode]).toEqual([type, status]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  }
});
