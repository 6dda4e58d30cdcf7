import type { Command } from 'commander';
import { chooseTakeoverTarget } from '../../model/choose-targets';
import { listHooks } from '../../model/hook-names';
import type { RelationshipStatus } from '../../model/status';
import { awaitedNames } from '../../model/takeovers';
import type { OperationStarted, RelocateResult } from '../../api/messages';
import { confirm } from '../confirm';
import { followPhases } from '../follow-phases';
import { lazy } from '../lazy';
import { addReason, finish, print } from '../output';
import type { OutputOptions } from '../output';
import { formatBroughtBack } from '../brought-back';
import { goHomeLine, primaryOf, targetOf } from '../takeover';

interface RelocateOptions extends OutputOptions {
  target?: string;
  yes?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('relocate')
    .argument('<name>', 'the relationship')
    .summary('move the primary to a target, losing nothing')
    .description(
      'Moves the primary to a target while both sides are well: a last sync, a comparison by checksum, then the switch, and ' +
        'replication in the new direction. Loses nothing, or changes nothing. Stop what writes to the primary first, by quiesce ' +
        'hooks or by hand. Asks first. Also the way home after failover and reverse.',
    )
    .option(
      '--target <name>',
      'the target that becomes primary; by default the one with the newest recovery point',
    )
    .option('-y, --yes', 'do not ask')
    .action((name: string, options: RelocateOptions) => relocate(name, options));
  finish(addReason(command), ['tidemark relocate wiki', 'tidemark relocate wiki --target beta --yes']);
}

/** What is asked before a relocation. */
export function relocateQuestion(status: RelationshipStatus, target: string): string {
  const { quiesce } = status.document.spec.hooks;
  const stopped =
    quiesce.length > 0
      ? `Hooks stop what writes there: ${listHooks(quiesce)}.`
      : 'No quiesce hooks are configured: stop what writes there now, by hand.';
  return `Move the primary of ${status.name} from ${primaryOf(status)} to ${targetOf(status, target)}? ${stopped}`;
}

export function formatRelocation(result: RelocateResult): string {
  const { relationship, takeover, epoch } = result;
  return [
    `${relationship} has moved to ${takeover.target} (epoch ${epoch}); nothing was lost`,
    formatBroughtBack(result),
    goHomeLine(relationship, takeover.from),
  ].join('\n');
}

async function relocate(name: string, options: RelocateOptions): Promise<void> {
  await lazy.temporal().Temporal.use(async (temporal) => {
    const status = await temporal.status(name);
    const target = options.target ?? chooseTakeoverTarget(status.document, status.targets);
    const isAwaited = awaitedNames(status.takeover).includes(target ?? '');
    // What the state refuses is refused before anybody is asked.
    if (!options.yes && target !== undefined && !isAwaited) await confirm(relocateQuestion(status, target));
    const request = { epoch: status.epoch, ...(target !== undefined && { target }) };
    const { workflowId } = await temporal.update<OperationStarted>(name, 'relocate', request);
    print(await followPhases<RelocateResult>(temporal, name, workflowId), options, formatRelocation);
  });
}
