/** Every spec in the documentation is one that `tidemark apply` takes. */
import { parseAllDocuments } from 'yaml';
import { documentOf } from '../../src/cluster/document';
import { OPERATION_RESOURCE, type OperationSpec, updateOf } from '../../src/cluster/operation';
import { RESOURCE, type RelationshipResource } from '../../src/cluster/resource';
import { checkDocument, parseSpecs } from '../../src/model/parse-spec';
import { checkNotifyFile } from '../../src/workers/notify/check-file';
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
const isResource = ({ text }: { text: string }) => text.includes('apiVersion: tidemark.dev/');
const isSpec = (block: { text: string }) => block.text.includes('kind: Relationship') && !isResource(block);
const specs = [...yaml, ...written].filter(isSpec);

it('the documentation has specs', () => {
  expect(specs.length).toBeGreaterThan(3);
});

it.each(specs.map(({ where, text }) => [where, text]))('the spec in %s has no mistake', (where, text) => {
  const { relationships, problems } = parseSpecs(text, where);
  expect(problems).toEqual([]);
  expect(relationships.length).toBeGreaterThan(0);
});

it.each(yaml.filter(isResource).map(({ where, text }) => [where, text]))(
  'the resource in %s is one that the definitions know',
  (_where, text) => {
    for (const document of parseAllDocuments(text)) {
      const { kind, metadata, spec } = document.toJS() as RelationshipResource;
      if (kind === RESOURCE.kind)
        expect(
          checkDocument(documentOf({ cluster: 'east', hosts: [] }, document.toJS() as never)).problems,
        ).toEqual([]);
      else {
        expect(kind).toBe(OPERATION_RESOURCE.kind);
        expect(updateOf(spec as unknown as OperationSpec, 'me')).toBeDefined();
      }
      expect(metadata.namespace).toBeDefined();
    }
  },
);

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

const receivers = [...yaml, ...written].filter(({ text }) => text.startsWith('receivers:'));

it.each(receivers.map(({ where, text }) => [where, text]))(
  'the receivers in %s have no mistake',
  (where, text) => {
    expect(checkNotifyFile(text, where)).toMatchObject({ problems: [], warnings: [] });
  },
);
