import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { makeRelationshipDefinition } from './definition';
import { makeOperationDefinition } from './operation-definition';

const read = (folder: string, plural: string): unknown =>
  parse(readFileSync(join(__dirname, `../../deploy/${folder}/${plural}.yaml`), 'utf8'));

test.each(['kubernetes/crds', 'helm/tidemark/files/crds', 'bundle/manifests'])(
  'the definitions in deploy/%s are what the schema says now; else run: npm run docs',
  (folder) => {
    expect(read(folder, 'relationships')).toEqual(makeRelationshipDefinition());
    expect(read(folder, 'relationshipoperations')).toEqual(makeOperationDefinition());
  },
);
