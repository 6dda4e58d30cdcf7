/** Every spec in the documentation is one that `tidemark apply` takes. */
import { parseAllDocuments } from 'yaml';
import { parseSpecs } from '../../src/model/parse-spec';
import { readPages } from '../support/markdown';

const blocks = readPages().flatMap(({ path, blocks: found }) =>
  found.map((block) => ({ ...block, where: `${path}:${block.line}` })),
);
const yaml = blocks.filter(({ language }) => language === 'yaml');
/** What a shell writes into a file. */
const written = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text, where }) =>
    [...text.matchAll(/<<'(\w+)'\n([\s\S]*?)\n\1/g)].map(([, , document = '']) => ({
      text: document,
      where,
    })),
  );
const isSpec = ({ text }: { text: string }) => text.includes('kind: Relationship');
const specs = [...yaml, ...written].filter(isSpec);

it('the documentation has specs', () => {
  expect(specs.length).toBeGreaterThan(3);
});

it.each(specs.map(({ where, text }) => [where, text]))('the spec in %s has no mistake', (where, text) => {
  const { relationships, problems } = parseSpecs(text, where);
  expect(problems).toEqual([]);
  expect(relationships.length).toBeGreaterThan(0);
});

it('every other YAML in the documentation can be read', () => {
  for (const { text, where } of yaml.filter((block) => !isSpec(block))) {
    for (const document of parseAllDocuments(text))
      expect({ where, errors: document.errors }).toEqual({ where, errors: [] });
  }
});

it('JSON in the documentation can be read', () => {
  for (const { text } of blocks.filter(({ language }) => language === 'json'))
    expect(() => JSON.parse(text) as unknown).not.toThrow();
});
