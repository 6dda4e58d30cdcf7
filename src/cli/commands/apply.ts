import type { Command } from 'commander';
import type { SyncAnswer } from '../../activities/contract';
import { makeOperationId } from '../../model/names';
import type { SyncRecord } from '../../model/records';
import type { Relationship } from '../../model/spec';
import { tellError } from '../exit-codes';
import { lazy } from '../lazy';
import { finish, note, print } from '../output';
import type { OutputOptions } from '../output';
import { collect } from '../parse';
import { readSpecs } from '../spec-files';
import { followSync, formatRecord } from '../sync-result';
import type { Temporal } from '../temporal-client';
import { printable } from '../text';

interface ApplyOptions extends OutputOptions {
  file: string[];
  dryRun?: boolean;
  wait?: boolean;
}

interface Applied {
  name: string;
  outcome: 'created' | 'changed' | 'unchanged' | 'valid';
  warnings: string[];
  sync?: SyncRecord;
}

export function register(program: Command): void {
  const command = program
    .command('apply')
    .summary('create or change relationships from files')
    .description(
      'Creates or changes relationships. Every mistake in all files is reported at once, and then nothing is changed.',
    )
    .requiredOption(
      '-f, --file <path>',
      'a file of one or more documents, a folder of such files, or - for standard input; may be repeated',
      collect,
    )
    .option('--dry-run', 'only check the files')
    .option('--wait', 'wait for the first sync of what was created or changed')
    .action((options: ApplyOptions) => apply(options));
  finish(command, [
    'tidemark apply -f wiki.yaml',
    'tidemark apply -f relationships/ --dry-run',
    'cat wiki.yaml | tidemark apply -f - --wait',
  ]);
}

/**
 * The first sync by the spec that was applied: the one that runs, or was quicker than this look, or else one that is asked
 * for now; undefined where the state allows none.
 */
async function findSync(temporal: Temporal, name: string, sequence: number): Promise<string | undefined> {
  const { operation, ...status } = await temporal.status(name);
  // One that began before is not by this spec.
  if (status.sequence > sequence) {
    if (operation?.kind === 'sync') return operation.workflowId;
    if (!operation && status.lastSync) return makeOperationId(name, 'sync', status.sequence);
  }
  try {
    return (await temporal.update<SyncAnswer>(name, 'sync', {})).workflowId;
  } catch (error) {
    if (tellError(error).type === 'RefusedByState') return undefined;
    throw error;
  }
}

/** Applies one document. @throws what it was refused for. */
export async function applyOne(temporal: Temporal, document: Relationship, wait: boolean): Promise<Applied> {
  const { name } = document.metadata;
  const { sequence, ...answer } = await temporal.apply(document);
  const applied: Applied = { name, ...answer };
  if (!wait || answer.outcome === 'unchanged') return applied;
  const workflowId = await findSync(temporal, name, sequence);
  return workflowId === undefined ? applied : { ...applied, sync: await followSync(temporal, workflowId) };
}

function formatApplied(applied: readonly Applied[]): string {
  return applied
    .map(({ name, outcome, sync }) =>
      [`relationship ${name} ${outcome}`, ...(sync ? [formatRecord(sync)] : [])].join('\n'),
    )
    .join('\n');
}

async function applyAll(documents: readonly Relationship[], options: ApplyOptions): Promise<Applied[]> {
  if (options.dryRun)
    return documents.map(({ metadata }) => ({
      name: metadata.name,
      outcome: 'valid' as const,
      warnings: [],
    }));
  return await lazy.temporal().Temporal.use(async (temporal) => {
    const done: Applied[] = [];
    try {
      for (const document of documents) done.push(await applyOne(temporal, document, options.wait ?? false));
      return done;
    } catch (error) {
      // What was applied before the one that was refused stays, and is to be known.
      if (done.length > 0) note(formatApplied(done));
      throw error;
    }
  });
}

async function apply(options: ApplyOptions): Promise<void> {
  const { documents, warnings } = await readSpecs(options.file);
  for (const warning of warnings) note(`warning: ${printable(warning)}`);
  const applied = await applyAll(documents, options);
  for (const { name, warnings: told } of applied)
    for (const warning of told) note(`warning: ${name}: ${printable(warning)}`);
  print(applied, options, formatApplied);
  if (applied.some(({ sync }) => sync && sync.result !== 'succeeded')) process.exitCode = 1;
}
