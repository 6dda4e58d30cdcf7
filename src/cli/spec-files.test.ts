import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSpecs } from './spec-files';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-specs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, relationship: string, extra = ''): string {
  const path = join(folder, name);
  const spec = `spec: { source: { host: alpha, directory: /srv/a }, targets: [{ host: beta, directory: /srv/a }]${extra} }`;
  writeFileSync(
    path,
    `apiVersion: tidemark/v1\nkind: Relationship\nmetadata: { name: ${relationship} }\n${spec}\n`,
  );
  return path;
}

test('a folder stands for all spec files in it, and nothing else', async () => {
  write('one.yaml', 'one');
  write('two.yml', 'two');
  writeFileSync(join(folder, 'notes.txt'), 'not a spec');
  const { documents } = await readSpecs([folder]);
  expect(documents.map(({ metadata }) => metadata.name)).toEqual(['one', 'two']);
});

test('the mistakes of all files are told at once, each with its file and line', async () => {
  const paths = [write('a.yaml', 'a', ', triger: {}'), write('b.yaml', 'b', ', retian: {}')];
  await expect(readSpecs(paths)).rejects.toMatchObject({
    type: 'InvalidSpec',
    more: {
      problems: [expect.stringMatching(/a\.yaml:4:.*trigger/), expect.stringMatching(/b\.yaml:4:.*retain/)],
    },
  });
});

test('one name in two files is a mistake', async () => {
  const paths = [write('c.yaml', 'same'), write('d.yaml', 'same')];
  await expect(readSpecs(paths)).rejects.toThrow(/d\.yaml: relationship same is in .*c\.yaml already/);
});
