import { Context } from '@temporalio/activity';
import { filtersOf } from '../../model/movers';
import { makePointId } from '../../model/names';
import type { HostActivities, PublishResult } from '../contract';
import type { AgentContext } from './context';
import type { Doors } from './doors';
import type { Exclusive } from './exclusive';
import { runHooks } from './hooks';
import { keepPoints } from './keep-points';
import { forgetLandings } from './landed';
import { stepKey } from './transfer';

export function makePublish(
  context: AgentContext,
  exclusive: Exclusive,
  doors: Doors,
): Pick<HostActivities, 'publish' | 'examine'> {
  const { host, volumes } = context;
  return {
    async publish(input): Promise<PublishResult> {
      const { volume, claim, syncId, id, method, stats, capturedAt, sequence } = input;
      const { retain, hooks, stream, identity, leftOut } = input;
      const { relationship } = claim;
      const filters = filtersOf(input.mover);
      const driver = volumes.driverFor(volume);
      const signal = Context.current().cancellationSignal;
      // The replica stands still from here on: nobody may write to it while it is frozen.
      await doors.close(id, [volumes.moverFor(input.mover)], [volume]);
      return exclusive.run(host, stepKey(host, input), async (marked) => {
        await driver.check(marked, volume, claim);
        const point = await driver.publish(marked, volume, {
          relationship,
          method,
          signal,
          ...(stream && { stream }),
          ...(identity !== undefined && { identity }),
          stamp: {
            id: makePointId(capturedAt, sequence),
            syncId,
            sequence,
            capturedAt,
            publishedAt: new Date().toISOString(),
            bytes: stats.totalBytes,
            files: stats.totalFiles,
            ...(leftOut && { leftOut }),
            ...(filters && { filters }),
          },
        });
        await forgetLandings(host, id);
        const subject = { relationship, syncId, volume, pointId: point.id };
        await runHooks(context, marked, hooks, subject, signal);
        const { points, warning } = await keepPoints(
          { host: marked, volume, driver },
          { relationship, retain, signal, later: true },
        );
        const prunedAt = await driver.prunedAt?.(marked, volume);
        const isExaminationDue = await driver.isExaminationDue?.(marked, volume);
        return {
          ...{ point, points },
          ...(warning !== undefined && { warning }),
          ...(prunedAt !== undefined && { prunedAt }),
          ...(isExaminationDue === true && { isExaminationDue }),
        };
      });
    },

    async examine(input) {
      const { volume, claim } = input;
      const driver = volumes.driverFor(volume);
      const signal = Context.current().cancellationSignal;
      await exclusive.run(host, stepKey(host, input), async (marked) => {
        await driver.check(marked, volume, claim);
        await driver.examine?.(marked, volume, signal);
      });
    },
  };
}
