import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTokens, Tokens } from './tokens';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-tokens-'));
const path = join(folder, 'tokens.yaml');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void jest.useRealTimers());

const SECRET = 'correct horse battery';
const sha256 = createHash('sha256').update('another long secret').digest('hex');
const write = (text: string, mode = 0o600) => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};
const GOOD = `tokens: [{ name: ci, token: ${SECRET}, roles: [operate] }, { name: boss, sha256: ${sha256}, roles: [approve] }]`;

test('a token is known by itself or by its digest, and may always read', () => {
  write(GOOD);
  const tokens = new Tokens('the one of everybody', path);
  expect(tokens.find(SECRET)).toEqual({ name: 'ci', roles: ['read', 'operate'] });
  expect(tokens.find('another long secret')).toEqual({ name: 'boss', roles: ['read', 'approve'] });
  expect(tokens.find('the one of everybody')).toEqual({ name: 'token', roles: ['read'] });
  for (const wrong of ['', `${SECRET} `, sha256, 'ci']) expect(tokens.find(wrong)).toBeUndefined();
});

test('a file that others may read is refused', () => {
  write(GOOD, 0o640);
  expect(() => new Tokens(undefined, path)).toThrow(`others may read the file of tokens ${path}`);
});

test('everything that is wrong in a file is said at once, and nothing of what it holds', () => {
  const text = 'tokens: [{ name: a b, token: short, roles: [read] }, { name: x, roles: [root] }]';
  let said = '';
  try {
    parseTokens(text, 't.yaml');
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain('t.yaml: tokens.0.name: must be letters');
  expect(said).toContain('t.yaml: tokens.0.token: must have 16 characters or more');
  expect(said).toContain('t.yaml: tokens.1.roles.0: ');
  expect(said).not.toContain('short');
  const twice = `tokens: [{ name: a, sha256: ${sha256}, roles: [read] }, { name: b, sha256: ${sha256}, roles: [read] }]`;
  expect(() => parseTokens(twice, 't')).toThrow('two names have the same token');
  expect(() => new Tokens(undefined, join(folder, 'nowhere'))).toThrow('can not be read');
  expect(() => parseTokens('tokens: [', 't.yaml')).toThrow('t.yaml:1 is no YAML');
  expect(() =>
    parseTokens(`${GOOD.slice(0, -1)}, { name: ci, sha256: ${sha256}, roles: [read] }]`, 't'),
  ).toThrow('names must differ');
});

test('a changed file is taken, and a broken one leaves what held', () => {
  jest.useFakeTimers({ now: Date.now() });
  write(GOOD);
  const warn = jest.fn();
  const tokens = new Tokens(undefined, path, { warn });
  const change = (text: string) => {
    write(text);
    utimesSync(path, new Date(), new Date(Date.now()));
    jest.advanceTimersByTime(3000);
  };
  change(GOOD.replace('operate', 'approve'));
  expect(tokens.find(SECRET)?.roles).toEqual(['read', 'approve']);
  change('nonsense');
  expect(tokens.find(SECRET)?.roles).toEqual(['read', 'approve']);
  expect(warn).toHaveBeenCalled();
});
