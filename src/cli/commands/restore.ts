import type { Command } from 'commander';
import { missingTarget } from '../../model/endpoints';
import type { OperationStarted, RestoreRequest, RestoreResult } from '../../api/messages';
import { formatBytes, formatDuration, formatEntries } from '../../model/units';
import type { RelationshipStatus } from '../../model/status';
import { ClientError } from '../../client/exit-codes';
import { followShown } from '../follow-shown';
import { lazy } from '../lazy';
import { confirm } from '../confirm';
import { addReason, finish, note, print } from '../output';
import type { OutputOptions } from '../output';
import { parseInner, parseLocation } from '../parse';
import { colors, formatFields, formatLeftOut, formatTime, oneLine } from '../../client/text';
import type { Cell } from '../../client/text';
import type { Temporal } from '../../client/temporal-client';

interface RestoreOptions extends OutputOptions {
  point: string;
  to: RestoreRequest['to'];
  target?: string;
  path?: string;
  overwrite?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('restore')
    .argument('<name>', 'the relationship')
    .summary('bring a recovery point back, to any host')
    .description(
      'Brings a recovery point, or one file or folder of it, back into a folder of any host. First says what that would replace; ' +
        'then asks. An existing folder must be empty, unless --overwrite is given. A folder that is, holds or lies in a ' +
        'volume of any relationship is refused.',
    )
    .requiredOption(
      '--point <id>',
      'the recovery point, as `tidemark points` lists it; or `latest`; of a repository also `restic:` and the id of any snapshot in it',
    )
    .requiredOption('--to <host:path>', 'where to', parseLocation)
    .option('--target <name>', 'the target that holds the point; by default the first')
    .option(
      '--path <path>',
      'only this file or folder of the point, by its path in it; it lands at the same path below --to',
      parseInner,
    )
    .option(
      '--overwrite',
      'make a folder that is not empty equal to the point: what is not in the point is DELETED',
    )
    .option('--dry-run', 'only say what it would bring, replace and delete')
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: RestoreOptions) => restore(name, options));
  finish(addReason(command), [
    'tidemark restore wiki --point 20261121T080210Z-000042 --to alpha:/srv/wiki-restored',
    'tidemark restore wiki --point latest --to beta:/srv/wiki-copy --overwrite --dry-run',
    'tidemark restore wiki --point latest --path pages/home.md --to alpha:/tmp/found --yes',
  ]);
}

/** The newest point, by capture time, of the target named or of any. */
export function findLatest(
  { name, targets }: RelationshipStatus,
  wanted?: string,
): { pointId: string; target: string } {
  const [newest] = targets
    .filter((target) => wanted === undefined || target.name === wanted)
    .filter((target) => target.recoveryPoint !== undefined)
    .sort((a, b) => (b.capturedAt ?? '').localeCompare(a.capturedAt ?? ''));
  if (wanted !== undefined && !targets.some((target) => target.name === wanted)) {
    const names = targets.map((target) => target.name);
    const { message, hint } = missingTarget(name, wanted, names);
    throw new ClientError('RefusedByState', message, { hint });
  }
  if (newest?.recoveryPoint === undefined) {
    throw new ClientError(
      'RefusedByState',
      `relationship ${name} has no recovery point${wanted === undefined ? '' : ` at ${wanted}`} yet`,
    );
  }
  return { pointId: newest.recoveryPoint, target: newest.name };
}

async function chooseRequest(
  temporal: Temporal,
  name: string,
  options: RestoreOptions,
): Promise<RestoreRequest> {
  const { to, overwrite = false, path } = options;
  const wanted = { to, overwrite, ...(path !== undefined && { path }) };
  if (options.point === 'latest')
    return { ...wanted, ...findLatest(await temporal.status(name), options.target) };
  return {
    ...wanted,
    pointId: options.point,
    ...(options.target !== undefined && { target: options.target }),
  };
}

/** What is brought, and where it lands. */
const describeWhat = ({ pointId, path }: RestoreResult) =>
  path === undefined ? pointId : `${path} of ${pointId}`;
const describeWhere = ({ to, path }: RestoreResult) =>
  `${to.host}:${to.path}${path === undefined ? '' : `${to.path === '/' ? '' : '/'}${path}`}`;

const NOT_WHOLE =
  'the only copy is that of a transfer that was cut off or refused; what is there may be a mixture of two states';

/** What a restore would do, as people read it. */
export function formatPlan(plan: RestoreResult): string {
  const { target, files, bytes, replaced, deleted, leftOut, broken } = plan;
  const more = deleted.entries - deleted.examples.length;
  const examples = [...deleted.examples.map(oneLine), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  const nothing = 'nothing: there is nothing yet';
  const there = `${formatEntries(replaced.entries)}, ${formatBytes(replaced.bytes)}, newest change ${formatTime(replaced.newestChange)}`;
  return [
    colors.bold(`what a restore of ${oneLine(describeWhat(plan))} does`),
    formatFields(
      [
        ['brings', `${formatEntries(files)}, ${formatBytes(bytes)}, from ${target}`],
        ['to', oneLine(describeWhere(plan))],
        ['replaces', replaced.entries === 0 ? nothing : there],
        ...(broken ? [['NOT WHOLE', { text: NOT_WHOLE, paint: colors.red }] as [string, Cell]] : []),
        ...(deleted.entries > 0
          ? [
              ['DELETES', { text: `${formatEntries(deleted.entries)}: ${examples}`, paint: colors.red }] as [
                string,
                Cell,
              ],
            ]
          : []),
      ],
      '  ',
    ),
    ...formatLeftOut('the point lacks', leftOut, '  '),
  ].join('\n');
}

export function formatResult(result: RestoreResult): string {
  const { files, bytes, durationSeconds, deleted, leftOut, broken } = result;
  const gone = deleted.entries > 0 ? `, ${deleted.entries} deleted there` : '';
  const took = formatDuration(durationSeconds * 1000);
  const head = `restored ${describeWhat(result)} to ${describeWhere(result)}: ${formatEntries(files)}, ${formatBytes(bytes)}${gone}, in ${took}`;
  const warning = broken ? [`${colors.red('not whole')}: ${NOT_WHOLE}`] : [];
  return [oneLine(head), ...warning, ...formatLeftOut('left out', leftOut)].join('\n');
}

async function restore(name: string, options: RestoreOptions): Promise<void> {
  await lazy.temporal().Temporal.use(async (temporal) => {
    const request = await chooseRequest(temporal, name, options);
    const run = async (asked: RestoreRequest) => {
      const { workflowId } = await temporal.update<OperationStarted>(name, 'restore', asked);
      return await followShown<RestoreResult>(temporal, workflowId);
    };
    if (options.dryRun || !options.yes) {
      const plan = await run({ ...request, dryRun: true });
      if (options.dryRun) return print(plan, options, formatPlan);
      note(formatPlan(plan));
      await confirm(
        plan.deleted.entries > 0 ? 'Replace what is there, and delete what is named?' : 'Restore it?',
      );
    }
    print(await run(request), options, formatResult);
  });
}
