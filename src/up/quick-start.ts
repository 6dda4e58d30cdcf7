/** The example of `up`: a small wiki on host alpha, kept on host beta. */
import { access, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Temporal } from '../client/temporal-client';
import { applyOne } from '../client/apply-one';
import { ClientError } from '../client/exit-codes';
import { parseSpecs } from '../model/parse-spec';
import type { SyncRecord } from '../model/records';
import type { Relationship } from '../model/spec';

export const QUICK_START = 'quick-start';

export interface QuickStartPaths {
  folder: string;
  source: string;
  target: string;
  spec: string;
}

export function quickStartPaths(home: string): QuickStartPaths {
  const folder = join(home, 'quick-start');
  return {
    folder,
    source: join(folder, 'alpha', 'wiki'),
    target: join(folder, 'beta', 'wiki'),
    spec: join(folder, 'quick-start.yaml'),
  };
}

const FILES: Readonly<Record<string, string>> = {
  'README.md': `# A wiki that is worth keeping

This directory is the volume of host alpha in Tidemark's quick start. Everything in it is on host
beta as well, a minute later at most. Change what you like here: it is yours, and is never overwritten.
`,
  'notes.txt': 'The tide comes in, the tide goes out; the mark stays.\n',
  'pages/welcome.md': '# Welcome\n\nSee [how it works](how-it-works.md).\n',
  'pages/how-it-works.md': `# How it works

Every minute a sync looks at what changed here, sends that alone, and freezes the result on beta as a
recovery point. \`npx tidemark points quick-start --explain\` lists those and says why each is kept.
`,
  'data/tides.csv': 'place,high,low\nBrest,06:12,12:25\nSaint-Malo,08:03,14:51\nLe Havre,11:40,18:33\n',
};

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Makes the example's files once, whole or not at all; what is there is the user's. */
async function makeFiles(source: string): Promise<void> {
  if (await exists(source)) return;
  const draft = `${source}.${process.pid}`;
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(draft, path)), { recursive: true });
    await writeFile(join(draft, path), content);
  }
  await symlink('pages/welcome.md', join(draft, 'index.md'));
  await rename(draft, source);
}

/** The spec, as a user would write it. */
export function makeQuickStartSpec({ source, target }: Pick<QuickStartPaths, 'source' | 'target'>): string {
  return `# The quick start of \`tidemark up\`. Change it, then: npx tidemark apply -f THIS_FILE
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${QUICK_START} }
spec:
  source: { host: alpha, directory: ${JSON.stringify(source)} }
  targets:
    - { host: beta, directory: ${JSON.stringify(target)} }
  trigger: { schedule: "* * * * *" }
  objectives: { rpo: 5m }
  retain: { last: 10, hourly: 24, daily: 7 }
`;
}

async function readSpec(paths: QuickStartPaths): Promise<Relationship> {
  const { relationships, problems } = parseSpecs(await readFile(paths.spec, 'utf8'), paths.spec);
  const [relationship] = relationships;
  if (relationship && problems.length === 0) return relationship;
  throw new ClientError('InvalidSpec', `${paths.spec} is not right any more: tidemark apply -f shows why`);
}

async function isRunning(temporal: Temporal): Promise<boolean> {
  try {
    await temporal.status(QUICK_START);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.type === 'NotFound') return false;
    throw error;
  }
}

export type QuickStart =
  | { state: 'running' }
  /** The user deleted it: it is not made again. */
  | { state: 'deleted' }
  | { state: 'created'; sync?: SyncRecord };

/**
 * Makes files, spec and relationship where they are not there yet, and waits for the first sync with
 * its progress on stderr. `firstTime`: Temporal has just begun with an empty database.
 */
export async function ensureQuickStart(
  temporal: Temporal,
  home: string,
  firstTime: boolean,
): Promise<QuickStart> {
  const paths = quickStartPaths(home);
  const marker = join(paths.folder, '.applied');
  if (await isRunning(temporal)) return { state: 'running' };
  if (!firstTime && (await exists(marker))) return { state: 'deleted' };
  await mkdir(dirname(paths.source), { recursive: true });
  await mkdir(dirname(paths.target), { recursive: true });
  await makeFiles(paths.source);
  if (!(await exists(paths.spec))) await writeFile(paths.spec, makeQuickStartSpec(paths));
  const { sync } = await applyOne(temporal, await readSpec(paths));
  await writeFile(marker, `${new Date().toISOString()}\n`);
  return { state: 'created', ...(sync && { sync }) };
}
