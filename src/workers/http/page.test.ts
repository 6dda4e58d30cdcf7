import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FakeCatalog } from '../../../test/support/model/catalog-fake';
import { makeHttpApp } from './app';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-web-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'assets', 'page-ABC.js'), 'look()');
  await writeFile(join(folder, 'assets', 'page-ABC.css'), 'main {}');
  await writeFile(join(folder, 'secret'), 'nobody asks for it');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const makeApp = (pageFolder: string) =>
  makeHttpApp({
    catalog: new FakeCatalog(),
    temporal: { hosts: () => Promise.resolve([]) },
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
    listen: { host: '0.0.0.0', port: 0 },
    token: 'a token of some length',
    pageFolder,
  });

test('the page needs no token, its data does', async () => {
  const app = await makeApp(folder);
  const page = await app.inject('/');
  expect([page.statusCode, page.body, page.headers['content-type']]).toEqual([
    ...[200, '<!doctype html>', 'text/html; charset=utf-8'],
  ]);
  expect((await app.inject('/v1/fleet')).statusCode).toBe(401);
  await app.close();
});

test('a browser runs and fetches nothing but what is served here, and asks anew for the page alone', async () => {
  const app = await makeApp(folder);
  const page = await app.inject('/');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers).toMatchObject({
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  const script = await app.inject('/assets/page-ABC.js');
  expect(script.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
  });
  expect((await app.inject('/v1/whoami')).headers['cache-control']).toBe('no-store');
  await app.close();
});

test('it is sent small to whoever can unpack it', async () => {
  const app = await makeApp(folder);
  const headers = { 'accept-encoding': 'br, gzip;q=0.8' };
  const style = await app.inject({ url: '/assets/page-ABC.css', headers });
  expect(style.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(gunzipSync(style.rawPayload).toString()).toBe('main {}');
  await app.close();
});

test('nothing else of its folder, or of any other, can be asked for', async () => {
  const app = await makeApp(folder);
  for (const path of ['/secret', '/assets/', '/assets/..%2fsecret', '/assets/../secret', '/index.html']) {
    expect([path, (await app.inject(path)).statusCode]).toEqual([path, 404]);
  }
  await app.close();
});

test('without a page, everything else works', async () => {
  const app = await makeApp(join(folder, 'nowhere'));
  expect((await app.inject('/')).statusCode).toBe(404);
  expect((await app.inject('/healthz')).statusCode).toBe(200);
  await app.close();
});
