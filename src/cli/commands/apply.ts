import type { Command } from 'commander';
import type { Relationship } from '../../model/spec';
import type { ApplyAnswer, ExamineAnswer } from '../../api/messages';
import { ClientError, exitCodeOf, tellError } from '../../client/exit-codes';
import { lazy } from '../lazy';
import { addReason, finish, note, print } from '../output';
import type { OutputOptions } from '../output';
import { collect } from '../parse';
import { readSpecs } from '../spec-files';
import { followSync } from '../follow-sync';
import { formatRecord } from '../../client/format-record';
import { inTurns } from '../../model/in-turns';
import type { Temporal } from '../../client/temporal-client';
import type { Selection } from '../../model/selections';
import { printable } from '../../client/text';
import type { Applied } from '../../client/apply-one';
import { awaitSync } from '../../client/apply-one';

/** How many documents are judged at once. */
const AT_ONCE = 8;

interface ApplyOptions extends OutputOptions {
  file: string[];
  dryRun?: boolean;
  wait?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('apply')
    .summary('create or change relationships from files')
    .description(
      'Creates or changes relationships: all of the files, or none. Every mistake in all of them is reported at once, and then nothing is changed.',
    )
    .requiredOption(
      '-f, --file <path>',
      'a file of one or more documents, a folder of such files, or - for standard input; may be repeated',
      collect,
    )
    .option('--dry-run', 'only check the files, and ask the hosts')
    .option('--wait', 'wait for a sync, by its new spec, of each that was created, changed or brought back')
    .action((options: ApplyOptions) => apply(options));
  finish(addReason(command), [
    'tidemark apply -f wiki.yaml',
    'tidemark apply -f relationships/ --dry-run',
    'cat wiki.yaml | tidemark apply -f - --wait',
  ]);
}

/** Has every document judged, in their order. @throws ClientError with every reason against any of them. */
async function examineAll(temporal: Temporal, documents: readonly Relationship[]): Promise<ExamineAnswer[]> {
  const judged = await inTurns(documents, AT_ONCE, async (document) => {
    try {
      return { answer: await temporal.examine(document), refusals: [] };
    } catch (error) {
      const told = tellError(error);
      // Where nobody answers, nothing is known of any document.
      if (told.exitCode === exitCodeOf('Unreachable')) throw error;
      const { name } = document.metadata;
      return { refusals: (told.problems ?? [told.message]).map((problem) => `${name}: ${problem}`) };
    }
  });
  const problems = judged.flatMap(({ refusals }) => refusals);
  if (problems.length > 0) throw new ClientError('InvalidSpec', problems.join('\n'), { problems });
  return judged.flatMap(({ answer }) => answer ?? []);
}

/** Whom a selector means is to surprise nobody. */
const selectionText = ({ selector, volume, hosts }: Selection): string =>
  `  ${volume} on ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'} with ${selector}: ${hosts.join(', ') || 'none yet'}`;

function formatApplied(applied: readonly Applied[]): string {
  return applied
    .map(({ name, outcome, sync, selections = [] }) =>
      [
        `relationship ${name} ${outcome}`,
        ...selections.map(selectionText),
        ...(sync ? [formatRecord(sync)] : []),
      ].join('\n'),
    )
    .join('\n');
}

/** Files are checked by themselves; and where Temporal answers, the hosts are asked what a first sync would find. */
async function dryRun(documents: readonly Relationship[]): Promise<Applied[]> {
  const valid = documents.map(({ metadata: { name } }) => ({
    name,
    outcome: 'valid' as const,
    warnings: [],
  }));
  try {
    const answers = await lazy.temporal().Temporal.use((temporal) => examineAll(temporal, documents));
    return valid.map((each, index) => ({ ...each, ...answers[index] }));
  } catch (error) {
    const { message, exitCode } = tellError(error);
    if (exitCode !== exitCodeOf('Unreachable')) throw error;
    return valid.map((each) => ({ ...each, warnings: [`its hosts were not asked: ${message}`] }));
  }
}

async function applyAll(documents: readonly Relationship[], options: ApplyOptions): Promise<Applied[]> {
  if (options.dryRun) return await dryRun(documents);
  return await lazy.temporal().Temporal.use(async (temporal) => {
    // One alone is all or nothing by itself.
    if (documents.length > 1) await examineAll(temporal, documents);
    const answers: { name: string; answer: ApplyAnswer }[] = [];
    try {
      for (const document of documents)
        answers.push({ name: document.metadata.name, answer: await temporal.apply(document) });
    } catch (error) {
      // What has changed since all were judged; what was applied before it stays, and is to be known.
      if (answers.length > 0) note(formatApplied(answers.map(({ name, answer }) => ({ name, ...answer }))));
      throw error;
    }
    if (!options.wait)
      return answers.map(({ name, answer: { outcome, warnings, selections } }) => ({
        ...{ name, outcome, warnings },
        ...(selections && { selections }),
      }));
    const done: Applied[] = [];
    for (const { name, answer } of answers) done.push(await awaitSync(temporal, name, answer, followSync));
    return done;
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
