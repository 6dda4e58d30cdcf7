// Writes docs/spec.md, docs/spec.schema.json and the CustomResourceDefinitions from the schema. Needs a build: `npm run docs` does both.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { makeRelationshipDefinition } from '../dist/cluster/definition.js';
import { makeOperationDefinition } from '../dist/cluster/operation-definition.js';
import { definitionFiles } from '../dist/cluster/volsync/definitions.js';
import { renderJsonSchema, renderSpecDocs } from '../dist/model/spec-docs.js';

const root = new URL('../', import.meta.url);
writeFileSync(new URL('docs/spec.md', root), renderSpecDocs());
writeFileSync(new URL('docs/spec.schema.json', root), renderJsonSchema());
const DEFINITIONS = {
  relationships: makeRelationshipDefinition(),
  relationshipoperations: makeOperationDefinition(),
};
const NOTE = '# Made by `npm run docs` from src/cluster; change that, not this file.\n';
/** For `kubectl apply`, for the chart, and for the bundle. */
const FOLDERS = ['deploy/kubernetes/crds', 'deploy/helm/tidemark/files/crds', 'deploy/bundle/manifests'];
for (const [plural, definition] of Object.entries(DEFINITIONS))
  for (const folder of FOLDERS)
    writeFileSync(
      new URL(`${folder}/${plural}.yaml`, root),
      NOTE + stringify(definition, { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true }),
    );

/** Those of VolSync and Scribe: for `kubectl apply`, and for the chart. */
const VOLSYNC_FOLDERS = ['deploy/kubernetes/crds', 'deploy/helm/tidemark/files/crds-volsync'];
for (const [name, definition] of Object.entries(definitionFiles()))
  for (const folder of VOLSYNC_FOLDERS)
    writeFileSync(
      new URL(`${folder}/${name}.yaml`, root),
      NOTE + stringify(definition, { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true }),
    );
