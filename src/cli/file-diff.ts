/** What `tidemark apply` would change. */
import { tellError } from '../client/exit-codes';
import { readDocument } from '../client/read-documents';
import { documentChanges } from '../model/document-diff';
import { asWritten } from '../model/fan-out';
import { inTurns } from '../model/in-turns';
import type { Relationship } from '../model/spec';
import type { Temporal } from '../client/temporal-client';
import { colors, printable } from '../client/text';
import { lazy } from './lazy';
import { note, print } from './output';
import type { OutputOptions } from './output';
import { readSpecs } from './spec-files';

interface FileDiff {
  name: string;
  outcome: 'created' | 'changed' | 'unchanged';
  /** A line for each value. */
  changes: string[];
  /** What the hosts and the relationship say against it: apply would be refused. */
  problems: string[];
  warnings: string[];
}

const AT_ONCE = 8;

async function standingDocument(temporal: Temporal, name: string): Promise<Relationship | undefined> {
  try {
    return await readDocument(temporal, name);
  } catch (error) {
    if (tellError(error).type === 'NotFound') return undefined;
    throw error;
  }
}

async function compare(temporal: Temporal, document: Relationship): Promise<FileDiff> {
  const { name } = document.metadata;
  const standing = await standingDocument(temporal, name);
  const changes = standing ? documentChanges(standing, asWritten(document) as Relationship) : [];
  const outcome = standing ? (changes.length > 0 ? 'changed' : 'unchanged') : 'created';
  try {
    const { warnings } = await temporal.examine(document);
    return { name, outcome, changes, problems: [], warnings };
  } catch (error) {
    const { type, message, problems = [message] } = tellError(error);
    if (type === 'Unreachable') throw error;
    return { name, outcome, changes, problems, warnings: [] };
  }
}

function format(diffs: readonly FileDiff[]): string {
  return diffs
    .map(({ name, outcome, changes, problems }) =>
      [
        `relationship ${name} ${outcome === 'unchanged' ? 'is the same' : `would be ${outcome}`}`,
        ...changes.map((change) => `  ${printable(change)}`),
        ...problems.map((problem) => `  ${colors.red('refused')}: ${printable(problem)}`),
      ].join('\n'),
    )
    .join('\n');
}

/** Exit code 1 where something would change, 2 where it would be refused. */
export async function diffOfFiles(files: readonly string[], options: OutputOptions): Promise<void> {
  const { documents, warnings } = await readSpecs([...files]);
  for (const warning of warnings) note(`warning: ${printable(warning)}`);
  const diffs = await lazy
    .temporal()
    .Temporal.use((temporal) => inTurns(documents, AT_ONCE, (document) => compare(temporal, document)));
  for (const { name, warnings: told } of diffs)
    for (const warning of told) note(`warning: ${name}: ${printable(warning)}`);
  print(diffs, options, format);
  if (diffs.some(({ problems }) => problems.length > 0)) process.exitCode = 2;
  else if (diffs.some(({ outcome }) => outcome !== 'unchanged')) process.exitCode = 1;
}
