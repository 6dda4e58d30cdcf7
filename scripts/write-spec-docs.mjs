// Writes docs/spec.md and docs/spec.schema.json from the schema. Needs a build: `npm run docs` does both.
import { writeFileSync } from 'node:fs';
import { renderJsonSchema, renderSpecDocs } from '../dist/model/spec-docs.js';

const docs = new URL('../docs/', import.meta.url);
writeFileSync(new URL('spec.md', docs), renderSpecDocs());
writeFileSync(new URL('spec.schema.json', docs), renderJsonSchema());
