/** The chart as objects, as `helm template` makes them. */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../set-up/paths.mjs';
import { runChecked } from '../set-up/run.mjs';

export const CHART = join(ROOT, 'deploy', 'helm', 'tidemark');

/** They say that Helm made an object, which is not true of a file that somebody applies. */
const OF_HELM = {
  labels: ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'],
  annotations: ['helm.sh/hook', 'helm.sh/hook-delete-policy'],
};

const nameOf = (document) => `${document.get('kind')}/${document.getIn(['metadata', 'name'])}`;

function strip(document) {
  for (const [part, names] of Object.entries(OF_HELM)) {
    const found = document.getIn(['metadata', part]);
    for (const name of names) found?.delete(name);
    if (found?.items.length === 0) document.deleteIn(['metadata', part]);
  }
  return document;
}

/** Objects of the chart with these values, as YAML documents with their comments, by `Kind/name`. */
export async function render(helm, values) {
  const sets = Object.entries(values).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]);
  const text = await runChecked(
    [helm, 'template', 'tidemark', CHART, '--namespace', 'tidemark', '--kube-version', '1.34.0', ...sets],
    { failure: 'the chart could not be rendered' },
  );
  const told = text.replaceAll(/^# Source: .*\n/gm, '');
  const documents = parseAllDocuments(told).filter(({ contents }) => contents !== null);
  return new Map(documents.map((document) => [nameOf(document), strip(document)]));
}
