import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { findKey, knownKeys, makeJsonSchema } from './json-schema';
import { renderJsonSchema, renderSpecDocs } from './spec-docs';
import { defaultMover } from './spec';
import { FULL_EXAMPLE, SHORT_EXAMPLE, STORAGE_EXAMPLES } from './spec-example';
import { DEFAULT_RSYNC } from './movers/rsync';
import { parseSpecs } from './parse-spec';
import { parse, parseAllDocuments } from 'yaml';

const docs = path.join(__dirname, '../../docs');

test('docs/spec.md and docs/spec.schema.json are what the schema says now; else run: npm run docs', () => {
  expect(readFileSync(path.join(docs, 'spec.md'), 'utf8')).toBe(renderSpecDocs());
  expect(readFileSync(path.join(docs, 'spec.schema.json'), 'utf8')).toBe(renderJsonSchema());
});

test('every document that the reference shows is accepted as it stands there', () => {
  const shown = [...renderSpecDocs().matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
  expect(shown).toEqual([SHORT_EXAMPLE, FULL_EXAMPLE, STORAGE_EXAMPLES]);
  for (const text of shown) expect(parseSpecs(text, 'x')).toMatchObject({ problems: [], warnings: [] });
});

/** Every key of the schema, as `spec.targets.host`; keys of list entries too. */
function listKeys(at: readonly (string | number)[] = []): string[] {
  return knownKeys(at).flatMap((key) => {
    const path = [...at, key];
    return [path.filter((part) => part !== 0).join('.'), ...listKeys(path), ...listKeys([...path, 0])];
  });
}

test('the examples use every key there is', () => {
  const used = (value: unknown, at: string[] = []): string[] => {
    if (Array.isArray(value)) return value.flatMap((item) => used(item, at));
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => [
      [...at, key].join('.'),
      ...used(item, [...at, key]),
    ]);
  };
  const documents = parseAllDocuments(`${FULL_EXAMPLE}---\n${STORAGE_EXAMPLES}`);
  const keys = new Set(documents.flatMap((document) => used(document.toJS())));
  // Shown once each: in one hook, and in the relationship's own rules.
  const repeated = /^spec\.(hooks\.\w+\.(job|timeout|onError)|targets\.retain\.\w+)$/;
  // Of targets alone; and a mover that nobody has to name.
  const elsewhere =
    /^spec\.(source\.(resticExclude|bandwidthLimit|pruneEvery|checkEvery|checkShare|keepReplaced|peer|signal|serviceType|serviceAnnotations|layout)|targets\.(bucket|keepReplaced|layout|restoreAsOf|previous|snapshotsOf|serviceType|serviceAnnotations)|through\.retain\.\w+|mover\.(restic|rclone|push|rsync\.keepExtra)|(source|targets)\.madeFor)$/;
  const shown = (key: string) => keys.has(key) || repeated.test(key) || elsewhere.test(key);
  expect(listKeys().filter((key) => !shown(key))).toEqual([]);
});

test('every key is explained in the reference', () => {
  const rows = renderSpecDocs()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) expect(row).toMatch(/\| [^|]{5,}[.`)] \|$/);
});

test('the JSON Schema accepts what is accepted, and refuses a key that nobody knows', () => {
  const schema = z.fromJSONSchema(makeJsonSchema());
  const document = parse(FULL_EXAMPLE) as { spec: object };
  expect(schema.safeParse(document).success).toBe(true);
  expect(schema.safeParse(parse(SHORT_EXAMPLE)).success).toBe(true);
  expect(schema.safeParse({ ...document, spec: { ...document.spec, schedul: 1 } }).success).toBe(false);
  expect(
    schema.safeParse({ ...document, spec: { ...document.spec, objectives: { rpo: '1 hour' } } }).success,
  ).toBe(false);
});

test('a key is found wherever it may stand', () => {
  expect(findKey('schedule')).toEqual(['spec.trigger.schedule']);
  expect(findKey('exclude')).toEqual(['spec.mover.rsync.exclude']);
  expect(findKey('nothing')).toEqual([]);
});

test('what a mover takes where a spec leaves it out is what the schema fills in', () => {
  expect(DEFAULT_RSYNC).toEqual(defaultMover('directory').rsync);
});
