/** The add-on of `deploy/open-cluster-management`, and what Open Cluster Management itself says such things look like. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const FOLDER = resolve(__dirname, '../../../deploy/open-cluster-management');
const MODULE = { path: 'open-cluster-management.io/api', version: 'v1.0.0' };
/** What the checksum database of Go has of it: it is the very module that was looked at. */
const SUM = 'h1:54QllH9DTudCk6VrGt0q8CDsE3MghqJeTaTN4RHZpE0=';
const CRD_FOLDERS = ['addon/v1alpha1', 'cluster/v1beta1', 'cluster/v1beta2'];
const DOWNLOAD_MS = 240_000;

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: unknown;
}

export const ADD_ON_FILES = ['placements.yaml', 'addon.yaml'].map((name) => join(FOLDER, name));

/** Every object that the files have. */
export async function readAddOn(): Promise<Manifest[]> {
  const texts = await Promise.all(ADD_ON_FILES.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}

/** The parts of the template, with variables filled in as the add-on manager does. */
export function renderParts(template: unknown, variables: Readonly<Record<string, string>>): Manifest[] {
  const { agentSpec } = template as { agentSpec: { workload: { manifests: Manifest[] } } };
  const text = JSON.stringify(agentSpec.workload.manifests).replaceAll(
    /\{\{(\w+)\}\}/g,
    (whole, name: string) => variables[name] ?? whole,
  );
  return JSON.parse(text) as Manifest[];
}

/** Files of its definitions, from the module that its authors publish. */
export async function findDefinitions(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    'go',
    ['mod', 'download', '-json', `${MODULE.path}@${MODULE.version}`],
    { cwd: tmpdir(), env: { ...process.env, GOFLAGS: '-mod=mod' }, timeout: DOWNLOAD_MS },
  );
  const { Dir, Sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (Sum !== SUM) throw new Error(`${MODULE.path} ${MODULE.version} is another one: ${Sum}`);
  const folders = await Promise.all(
    CRD_FOLDERS.map(async (folder) =>
      (await readdir(join(Dir, folder)))
        .filter((name) => name.endsWith('.crd.yaml'))
        .map((name) => join(Dir, folder, name)),
    ),
  );
  return folders.flat();
}
