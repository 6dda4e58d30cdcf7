/** What changes of the primary do on a host: fence, roll back, promote, keep what diverged. */
import { Context } from '@temporalio/activity';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { makePointId } from '../../model/names';
import type { HostActivities, StepContext } from '../contract';
import type { AgentContext } from './context';
import { choosePointMethod } from './copy-method';
import type { Doors } from './doors';
import type { Exclusive } from './exclusive';
import { runHooks } from './hooks';
import { forgetLandings, landingsSincePublish } from './landed';
import { stepKey } from './transfer';

type Activities = Pick<
  HostActivities,
  'listPoints' | 'runHooks' | 'quiesce' | 'unquiesce' | 'fence' | 'rollback' | 'promote' | 'keepDiverged'
>;

export function makeSwitch(context: AgentContext, exclusive: Exclusive, doors: Doors): Activities {
  const { host, volumes } = context;

  /** Nothing of an older epoch writes to, or reads from, this volume any more. */
  const endTransfers = async ({ claim, volume }: StepContext, targets: string[]) => {
    for (const target of targets)
      await doors.closeAll({ relationship: claim.relationship, target }, volumes.movers, [volume]);
  };

  return {
    async listPoints({ volume, claim, syncId, target }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      const [points, opened] = await Promise.all([
        driver.points(host, volume, claim.relationship),
        landingsSincePublish(host, { relationship: claim.relationship, target, syncId }),
      ]);
      return { points, broken: opened > 0 };
    },

    async runHooks({ volume, claim, syncId, hooks, pointId, path }) {
      const { relationship } = claim;
      const subject = { relationship, syncId, volume, ...(path && { path }), ...(pointId && { pointId }) };
      await runHooks(context, host, hooks, subject, Context.current().cancellationSignal);
    },

    async quiesce({ volume, claim }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      await driver.quiesce?.(host, volume, Context.current().cancellationSignal);
    },

    async unquiesce({ volume }) {
      await volumes.driverFor(volume).unquiesce?.(host, volume);
    },

    fence: (input) =>
      exclusive.run(host, stepKey(host, input), async (marked) => {
        const answer = await volumes.driverFor(input.volume).demote(marked, input.volume, input.claim);
        await endTransfers(input, input.targets);
        return answer;
      }),

    async rollback(input) {
      const { volume, claim, syncId, targets, pointId } = input;
      const driver = volumes.driverFor(volume);
      const signal = Context.current().cancellationSignal;
      await exclusive.run(host, stepKey(host, input), async (marked) => {
        // First the epoch: a step of an older one that comes late is refused from here on.
        await driver.claim(marked, volume, claim);
        await endTransfers(input, targets);
        if (pointId !== undefined)
          await driver.rollback(marked, volume, { relationship: claim.relationship, pointId, signal });
        for (const target of targets)
          await forgetLandings(host, { relationship: claim.relationship, target, syncId });
      });
    },

    promote: (input) =>
      exclusive.run(host, stepKey(host, input), (marked) =>
        volumes.driverFor(input.volume).promote(marked, input.volume, input.claim),
      ),

    keepDiverged: (input) =>
      exclusive.run(host, stepKey(host, input), async (marked) => {
        const { volume, claim, syncId, target, sequence, capturedAt } = input;
        const driver = volumes.driverFor(volume);
        await driver.check(marked, volume, claim);
        const inspection = await driver.inspect(marked, volume);
        const { fileBytes, entries } = await driver.size(host, volume);
        // Even where a target is to keep no points: this one is not a copy of anything.
        const wanted = target.copyMethod === 'Direct' ? 'Auto' : target.copyMethod;
        const method = choosePointMethod({ ...target, copyMethod: wanted }, inspection);
        if (method === 'Direct') return null;
        return driver.publish(marked, volume, {
          relationship: claim.relationship,
          method,
          signal: Context.current().cancellationSignal,
          stamp: {
            id: `${makePointId(capturedAt, sequence)}-diverged`,
            syncId,
            sequence,
            capturedAt,
            publishedAt: new Date().toISOString(),
            bytes: fileBytes,
            files: entries,
            diverged: true,
          },
        });
      }),
  };
}

/** Drills: copies of recovery points that a service is started on. */
export function makeDrill(context: AgentContext): Pick<HostActivities, 'makeClone' | 'removeClones'> {
  const { host, volumes } = context;
  return {
    async makeClone({ volume, claim, cloneId, pointId }) {
      const driver = volumes.driverFor(volume);
      const { relationship } = claim;
      await driver.check(host, volume, claim);
      // What a drill left that was killed, and whose clean-up never reached this host.
      await driver.removeClones(host, volume, { relationship, keepCloneIds: [cloneId] });
      const points = await driver.points(host, volume, relationship);
      const chosen = pointId ?? points.findLast(({ diverged }) => !diverged)?.id;
      if (chosen === undefined) throw noPoint(host, volume.path, relationship);
      const signal = Context.current().cancellationSignal;
      const clone = await driver.clone(host, volume, { relationship, pointId: chosen, cloneId, signal });
      return { ...clone, pointId: chosen };
    },

    removeClones: ({ volume, claim }) =>
      volumes.driverFor(volume).removeClones(host, volume, {
        relationship: claim.relationship,
        keepCloneIds: [],
      }),
  };
}

function noPoint(host: Host, volume: string, relationship: string): TidemarkError {
  return new TidemarkError('PointMissing', 'there is no recovery point yet', {
    host: host.name,
    volume,
    hint: `tidemark sync ${relationship} --wait`,
  });
}
