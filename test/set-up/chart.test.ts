/** The chart, and what is made of it: as far as that can be told without Helm and a cluster (test/chaos/kubernetes/install.test.ts). */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isMap, parse, parseDocument, type YAMLMap } from 'yaml';
import { parseContainerfile } from '../cluster/containerfile';
import { ROOT } from '../support/markdown';

const CHART = 'deploy/helm/tidemark';
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

test('what is made of the chart is current; else run: npm run manifests', async () => {
  const script = join(ROOT, 'scripts', 'write-manifests.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stdout).toMatch(/^current/);
});

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
}

/** Every value that has no values in it, or whose own are for the user to name: its path, and whether something is said of it. */
function listValues(map: YAMLMap, schema: Schema, path = ''): { path: string; isTold: boolean }[] {
  return map.items.flatMap((pair, index) => {
    const key = String(pair.key);
    const inner = schema.properties?.[key];
    const at = path === '' ? key : `${path}.${key}`;
    // What stands before the first one is kept with the map.
    const own =
      (pair.key as { commentBefore?: string }).commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    if (inner?.properties && isMap(pair.value)) return listValues(pair.value, inner, at);
    return [{ path: at, isTold: Boolean(own) }];
  });
}

const listSchema = (schema: Schema, path = ''): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return inner.properties ? listSchema(inner, at) : [at];
  });

test('every value of the chart is described, and in its schema; and nothing else is', () => {
  const schema = JSON.parse(read(CHART, 'values.schema.json')) as Schema;
  const values = listValues(parseDocument(read(CHART, 'values.yaml')).contents as YAMLMap, schema);
  expect(values.length).toBeGreaterThan(40);
  expect(values.filter(({ isTold }) => !isTold).map(({ path }) => path)).toEqual([]);
  // `global` is Helm's own. What a mover's template may have is not said one by one.
  const ofSchema = listSchema(schema).filter(
    (path) => path !== 'global' && !path.startsWith('movers.template.'),
  );
  const ofValues = values.map(({ path }) => path).filter((path) => path !== 'movers.template');
  expect(ofValues.sort()).toEqual(ofSchema.sort());
});

test('the bundle has the definitions that it says it has', () => {
  const { spec } = parse(read('deploy/bundle/manifests/tidemark.clusterserviceversion.yaml')) as {
    spec: { customresourcedefinitions: { owned: { name: string }[] } };
  };
  const names = ['relationshipoperations', 'relationships'].map((plural) => {
    const { metadata } = parse(read(`deploy/bundle/manifests/${plural}.yaml`)) as {
      metadata: { name: string };
    };
    return metadata.name;
  });
  expect(spec.customresourcedefinitions.owned.map(({ name }) => name).sort()).toEqual(names);
});

describe('Containerfiles', () => {
  const readFile = (name: string) => read('deploy/images', name);

  test('say nothing that the images of the tests pass over', () => {
    const mover = parseContainerfile(readFile('mover.Containerfile'));
    expect(mover.packages).toEqual(expect.arrayContaining(['rsync', 'openssh-server', 'acl', 'attr']));
    expect(mover.config).toMatchObject({ User: '65532:65532' });
    const tidemark = parseContainerfile(readFile('tidemark.Containerfile'));
    expect(tidemark.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['node', '/opt/tidemark/bin/tidemark.mjs'],
    });
    expect(() => parseContainerfile('\nFROM ${BASE}\nRUN curl x')).toThrow(/do not know how to: RUN curl x/);
    expect(() => parseContainerfile('\nFROM ${BASE}\nVOLUME /x')).toThrow(/do not know how to: VOLUME/);
  });

  test('take the tools that the tests take', () => {
    const tools = read('scripts/set-up/go-tools.mjs');
    for (const [, name = '', version = ''] of readFile('mover.Containerfile').matchAll(/\/(\w+)@v([\d.]+)/g))
      expect(tools).toMatch(new RegExp(`${name}: \\{\\s+version: '${version}'`));
  });
});
