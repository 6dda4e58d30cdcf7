/** Carries out one case, in a namespace of its own that is removed afterwards. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl, KubeObject } from './kubectl';
import { match } from './match';
import { type Command, filesOf, FOLDER, readDocuments, readStep, type Step } from './steps';

export interface CaseOptions {
  kubectl: Kubectl;
  namespace: string;
  /** What is put in for `${NAME}`. */
  known: Record<string, string>;
  /** How long something may take until it is as expected. */
  limitMs: number;
  say: (text: string) => void;
}

const PAUSE_MS = 1_000;

/** Tries until nothing is wrong. @throws Error with what was wrong in the end */
async function until(limitMs: number, look: () => Promise<string[]>): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const wrong = await look().catch((error: unknown) => [String(error)]);
    if (wrong.length === 0) return;
    if (Date.now() > end) throw new Error(wrong.join('\n'));
    await sleep(PAUSE_MS);
  }
}

/** Objects may name another namespace than that of their case. */
const beside = (kubectl: Kubectl, { metadata: { namespace } }: KubeObject): Kubectl =>
  namespace === undefined ? kubectl : kubectl.in(namespace);

const nameOf = ({ kind, metadata }: KubeObject) =>
  [kind, metadata.name ?? JSON.stringify(metadata.labels ?? {})].join(' ');

/** What is wrong with the one that is nearest to what is expected. */
async function differences(kubectl: Kubectl, expected: KubeObject): Promise<string[]> {
  const found = await beside(kubectl, expected).find(expected);
  if (found.length === 0) return [`${nameOf(expected)} is not there`];
  const [nearest = []] = found
    .map((each) => match(expected, each))
    .toSorted((one, other) => one.length - other.length);
  return nearest.map((each) => `${nameOf(expected)}: ${each}`);
}

async function isAbsent(kubectl: Kubectl, unwanted: KubeObject): Promise<string[]> {
  const found = await beside(kubectl, unwanted).find(unwanted);
  return found.some((each) => match(unwanted, each).length === 0) ? [`${nameOf(unwanted)} is there`] : [];
}

async function applyAll(kubectl: Kubectl, objects: readonly unknown[]): Promise<void> {
  for (const object of objects as readonly KubeObject[]) {
    const { code, stderr } = await beside(kubectl, object).apply(object);
    if (code !== 0) throw new Error(`${nameOf(object)} was not taken: ${stderr.trim()}`);
  }
}

async function refuse(kubectl: Kubectl, object: KubeObject, says: string): Promise<void> {
  const { code, stderr } = await kubectl.apply(object);
  if (code === 0) throw new Error(`${JSON.stringify(object)} was taken`);
  const wrong = match(says, stderr);
  if (wrong.length > 0) throw new Error(`refused, but ${wrong.join('\n')}`);
}

async function runCommand(options: CaseOptions, line: Command): Promise<void> {
  const { known, limitMs } = options;
  const kubectl = options.kubectl.in(options.namespace);
  if (line.sleep !== undefined) return sleep(1000 * line.sleep);
  if (line.apply !== undefined) return applyAll(kubectl, readDocuments(join(FOLDER, line.apply), known));
  if (line.refused) return refuse(kubectl, line.refused, line.says ?? '/./');
  const args = line.exec === undefined ? line.kubectl : ['exec', line.exec, '--', ...(line.command ?? [])];
  if (!args) throw new Error(`what is to be done? ${JSON.stringify(line)}`);
  if (line.stdout === undefined && line.set === undefined) return void (await kubectl.run(args));
  await until(limitMs, async () => {
    const printed = (await kubectl.run(args)).trim();
    const wrong = match(line.stdout ?? '/./', printed, `what \`${args.join(' ')}\` prints`);
    if (wrong.length === 0 && line.set !== undefined) known[line.set] = printed;
    return wrong;
  });
}

async function carryOut(options: CaseOptions, { kind, documents }: Step): Promise<void> {
  const { limitMs } = options;
  const kubectl = options.kubectl.in(options.namespace);
  switch (kind) {
    case 'apply':
      return applyAll(kubectl, documents);
    case 'assert':
      for (const each of documents) await until(limitMs, () => differences(kubectl, each as KubeObject));
      return;
    case 'absent':
      for (const each of documents) await until(limitMs, () => isAbsent(kubectl, each as KubeObject));
      return;
    case 'run':
      for (const line of documents.flat()) await runCommand(options, line as Command);
  }
}

/** Who wants to know why something failed looks at these first. */
async function tellState(kubectl: Kubectl): Promise<string> {
  const groups = ['volsync.backube', 'scribe.backube'];
  const kinds = groups.flatMap((group) => [
    `replicationsources.${group}`,
    `replicationdestinations.${group}`,
  ]);
  const { stdout } = await kubectl.try(['get', kinds.join(','), '-o', 'json']);
  const { items = [] } = stdout.trim() === '' ? {} : (JSON.parse(stdout) as { items?: object[] });
  const told = items.map((each) => {
    const { kind, metadata, status } = each as KubeObject & { status?: unknown };
    return `${kind} ${metadata.name ?? ''}: ${JSON.stringify(status) ?? 'no status'}`;
  });
  const { stdout: events } = await kubectl.try(['get', 'events', '--field-selector', 'type=Warning']);
  return [...told, events.trim()].join('\n');
}

/** Its own, and those that it has made beside it, whose names begin with that. */
async function removeNamespaces(options: CaseOptions): Promise<void> {
  const { kubectl, namespace } = options;
  const names = (await kubectl.run(['get', 'namespaces', '-o', 'jsonpath={.items[*].metadata.name}'])).split(
    ' ',
  );
  for (const name of names.filter((each) => each === namespace || each.startsWith(`${namespace}-`)))
    await removeNamespace({ ...options, namespace: name });
}

/** What would have to be removed by hand: a namespace whose objects hold it is told as such. */
async function removeNamespace({ kubectl, namespace, limitMs }: CaseOptions): Promise<void> {
  await kubectl.run(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
  await until(limitMs, async () => {
    const found = await kubectl.find({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return found.map(
      (each) => `${namespace} does not go: ${JSON.stringify((each as { status?: unknown }).status)}`,
    );
  });
}

/** Movers may be root in it, by both names of the annotation. */
const namespaceOf = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Namespace' },
  metadata: {
    name,
    annotations: { 'tidemark.dev/privileged-movers': 'true', 'volsync.backube/privileged-movers': 'true' },
  },
});

/** @returns what was wrong; undefined where all was as expected */
export async function runCase(
  name: string,
  options: CaseOptions,
  keep: boolean,
): Promise<string | undefined> {
  const { kubectl, namespace, say } = options;
  const known = { ...options.known, NAMESPACE: namespace };
  let wrong: string | undefined;
  let at = 'its namespace';
  try {
    await applyAll(kubectl, [namespaceOf(namespace)]);
    for (const file of filesOf(name)) {
      at = file;
      say(`${name}: ${file}`);
      await carryOut({ ...options, known }, readStep(name, file, known));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    wrong = `${name}/${at}: ${why}\n${await tellState(kubectl.in(namespace))}`;
  }
  if (keep && wrong !== undefined) return `${wrong}\nnamespace ${namespace} was kept`;
  try {
    await removeNamespaces(options);
  } catch (error) {
    wrong ??= error instanceof Error ? error.message : String(error);
  }
  return wrong;
}
