import type { Command } from 'commander';
import type { OperationStarted, VerifyRequest, VerifyResult } from '../../api/messages';
import type { Difference } from '../../model/records';
import { followShown } from '../follow-shown';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';
import { colors, formatLeftOut, formatTable, formatTime } from '../../client/text';
import { formatBytes, formatDuration, formatEntries } from '../../model/units';

interface VerifyOptions extends OutputOptions {
  target?: string;
  point?: string;
}

export function register(program: Command): void {
  const command = program
    .command('verify')
    .argument('<name>', 'the relationship')
    .summary('compare a copy with its source by checksum')
    .description(
      'Compares contents and all metadata of a recovery point with the source by checksum, and names each difference. ' +
        'What the source changed since is told apart from damage. Exit code 1 where anything else differs.',
    )
    .option('--target <name>', 'the target; by default the first')
    .option('--point <id>', 'the recovery point; by default the newest')
    .action((name: string, options: VerifyOptions) => verify(name, options));
  finish(addReason(command), [
    'tidemark verify wiki',
    'tidemark verify wiki --target beta --point 20261121T080210Z-000042',
  ]);
}

function formatDifferences(differences: readonly Difference[]): string {
  return formatTable(
    ['PATH', 'DIFFERS IN', ''],
    differences.map(({ path, what, changedSince }) => [
      path,
      what.join(', '),
      changedSince ? 'changed at the source since' : 'DIFFERENT',
    ]),
  );
}

export function formatVerification(result: VerifyResult): string {
  const {
    relationship,
    target,
    pointId,
    capturedAt,
    equal,
    differences,
    totalDifferences,
    leftOut,
    readBack,
  } = result;
  const compared = leftOut.length > 0 ? 'equal in what was compared' : 'equal';
  const changed = `, but for ${formatEntries(totalDifferences)} changed at the source since`;
  const verdict = `${compared}${totalDifferences > 0 ? changed : ''}`;
  const head = `recovery point ${pointId} of ${target}, captured ${formatTime(capturedAt)}: ${equal ? colors.green(verdict) : colors.red('NOT equal')}`;
  const more =
    totalDifferences > differences.length ? [`and ${totalDifferences - differences.length} more`] : [];
  return [
    head,
    ...(totalDifferences > 0 ? [formatDifferences(differences), ...more] : []),
    ...(equal ? [] : [`What to do: tidemark sync ${relationship} makes a new point; then verify that`]),
    ...(readBack
      ? [
          `read back: ${formatBytes(readBack.bytes)} by ${readBack.host}, in ${formatDuration(readBack.seconds * 1000)}`,
        ]
      : []),
    ...formatLeftOut('not compared, because it is not carried', leftOut),
  ].join('\n');
}

async function verify(name: string, options: VerifyOptions): Promise<void> {
  const request: VerifyRequest = {
    ...(options.target !== undefined && { target: options.target }),
    ...(options.point !== undefined && { pointId: options.point }),
  };
  const result = await lazy.temporal().Temporal.use(async (temporal) => {
    const { workflowId } = await temporal.update<OperationStarted>(name, 'verify', request);
    return await followShown<VerifyResult>(temporal, workflowId);
  });
  print(result, options, formatVerification);
  process.exitCode = result.equal ? 0 : 1;
}
