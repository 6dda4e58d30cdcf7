import type { Command } from 'commander';
import type { OperationStarted, RestoreRequest, RestoreResult } from '../../workflows/messages';
import { formatBytes, formatDuration } from '../../model/units';
import type { RelationshipStatus } from '../../model/status';
import { CliError } from '../errors';
import { followShown } from '../follow-shown';
import { lazy } from '../lazy';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parseLocation } from '../parse';
import { formatLeftOut } from '../text';
import type { Temporal } from '../temporal-client';

interface RestoreOptions extends OutputOptions {
  point: string;
  to: RestoreRequest['to'];
  target?: string;
  overwrite?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('restore')
    .argument('<name>', 'the relationship')
    .summary('bring a recovery point back, to any host')
    .description(
      'Brings a recovery point back into a folder of any host. An existing folder must be empty, unless --overwrite is given.',
    )
    .requiredOption('--point <id>', 'the recovery point, as `tidemark points` lists it; or `latest`')
    .requiredOption('--to <host:path>', 'where to', parseLocation)
    .option('--target <name>', 'the target that holds the point; by default the first')
    .option(
      '--overwrite',
      'make a folder that is not empty equal to the point: what is not in the point is DELETED',
    )
    .action((name: string, options: RestoreOptions) => restore(name, options));
  finish(command, [
    'tidemark restore wiki --point 20261121T080210Z-000042 --to alpha:/srv/wiki-restored',
    'tidemark restore wiki --point latest --to beta:/srv/wiki-copy',
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
  if (newest?.recoveryPoint === undefined) {
    throw new CliError(
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
  const { to, overwrite = false } = options;
  if (options.point === 'latest')
    return { to, overwrite, ...findLatest(await temporal.status(name), options.target) };
  return {
    to,
    overwrite,
    pointId: options.point,
    ...(options.target !== undefined && { target: options.target }),
  };
}

function formatResult({ pointId, to, files, bytes, durationSeconds, leftOut }: RestoreResult): string {
  const head = `restored ${pointId} to ${to.host}:${to.path}: ${files} entries, ${formatBytes(bytes)}, in ${formatDuration(durationSeconds * 1000)}`;
  return [head, ...formatLeftOut('left out', leftOut)].join('\n');
}

async function restore(name: string, options: RestoreOptions): Promise<void> {
  const result = await lazy.temporal().Temporal.use(async (temporal) => {
    const request = await chooseRequest(temporal, name, options);
    const { workflowId } = await temporal.update<OperationStarted>(name, 'restore', request);
    return await followShown<RestoreResult>(temporal, workflowId);
  });
  print(result, options, formatResult);
}
