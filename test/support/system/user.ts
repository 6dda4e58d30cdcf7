/**
 * What a user writes and asks for. What a test is not about goes the way that the command line goes, without a process of
 * its own, which costs a second of processor time.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeRelationshipId } from '../../../src/model/names';
import type { SyncRecord } from '../../../src/model/records';
import type { RelationshipInput } from '../../../src/model/spec';
import { historyQuery, type SyncAnswer, type SyncRequest } from '../../../src/api/messages';
import { applyOne, recordOf } from '../../../src/client/apply-one';
import { eventually, parseDocuments, type CliResult, type TestSystem } from './system';

/** A document as text. YAML takes JSON as it is. */
export function writeDocument(
  name: string,
  spec: RelationshipInput['spec'],
  labels?: Record<string, string>,
): string {
  const document: RelationshipInput = {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name, ...(labels && { labels }) },
    spec,
  };
  return JSON.stringify(document, undefined, 2);
}

/** Applies a document and waits for the sync that follows, however it ends: what `tidemark apply --wait` does. */
export async function applyAndSync(
  system: TestSystem,
  name: string,
  spec: RelationshipInput['spec'],
): Promise<SyncRecord> {
  const [document] = parseDocuments(writeDocument(name, spec));
  if (!document) throw new Error('no document');
  const applied = await applyOne(await system.temporal(), document);
  if (!applied.sync) throw new Error(`no sync followed: ${JSON.stringify(applied)}`);
  return applied.sync;
}

/** Syncs and waits for the end, however it ends: what `tidemark sync --wait` does. */
export async function syncNow(
  system: TestSystem,
  name: string,
  request: SyncRequest = {},
): Promise<SyncRecord> {
  const temporal = await system.temporal();
  const { workflowId, skipped } = await temporal.update<SyncAnswer>(name, 'sync', request);
  if (workflowId === undefined) throw new Error(`no sync was started: ${skipped ?? ''}`);
  return await recordOf(temporal.client.workflow.getHandle(workflowId).result() as Promise<SyncRecord>);
}

/** Syncs, and expects every target to succeed. */
export async function syncWell(system: TestSystem, name: string): Promise<SyncRecord> {
  const record = await syncNow(system, name);
  if (record.result !== 'succeeded') throw new Error(`the sync did not succeed: ${JSON.stringify(record)}`);
  return record;
}

/** The JSON that a command printed, whatever its exit code. */
export function parse<T>({ exitCode, stdout, stderr }: CliResult): T {
  try {
    return JSON.parse(stdout) as T;
  } catch (error) {
    throw new Error(`no JSON, but exit code ${exitCode}: ${stdout}${stderr}`, { cause: error });
  }
}

/** The error that a command told with `-o json`. */
export function parseError({ stderr }: CliResult): {
  type: string;
  message: string;
  hint?: string;
  toolMessage?: string;
  problems?: string[];
} {
  const start = stderr.indexOf('{');
  const told = JSON.parse(stderr.slice(start)) as { error?: unknown };
  return (told.error ?? told) as ReturnType<typeof parseError>;
}

/** Writes files of these names and contents into a folder, which is made if need be. */
export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** Approves of what a guard stopped, and waits for the sync that follows. */
export async function approveAndSync(system: TestSystem, name: string): Promise<SyncRecord> {
  // The relationship hears of a sync's end a moment after whoever follows the sync itself.
  const temporal = await system.temporal();
  const { sequence } = await eventually(`${name} takes an approval`, async () => {
    const status = await system.status(name);
    await temporal.update(name, 'approve', { by: 'a test' });
    return status;
  });
  return await syncAfter(system, name, sequence);
}

/** Waits for the end of a sync later than the operation of this number. */
export async function syncAfter(system: TestSystem, name: string, sequence: number): Promise<SyncRecord> {
  const client = await system.client();
  const handle = client.workflow.getHandle(makeRelationshipId(name));
  return await eventually(`a sync of ${name} after ${sequence}`, async () => {
    const [newest] = await handle.query(historyQuery);
    return newest && newest.sequence > sequence && !(await system.status(name)).operation
      ? newest
      : undefined;
  });
}
