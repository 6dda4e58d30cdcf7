import { Context } from '@temporalio/activity';
import { TidemarkError } from '../../model/errors';
import type { Point } from '../../model/records';
import { driverFor, moverFor } from '../../volumes/registry';
import type { HostActivities, StepContext } from '../contract';
import type { AgentContext } from './context';
import { expiryIn } from './landed';
import { progressReporter } from './progress';

/** A point by id, or the newest. @throws TidemarkError `PointMissing` naming what there is. */
export async function findPoint(
  context: AgentContext,
  { volume, claim }: Pick<StepContext, 'volume' | 'claim'>,
  pointId?: string,
): Promise<Point> {
  const { host } = context;
  const points = await driverFor(volume.kind).points(host, volume, claim.relationship);
  const point = pointId ? points.find(({ id }) => id === pointId) : points.at(-1);
  if (point) return point;
  throw new TidemarkError(
    'PointMissing',
    pointId ? `there is no recovery point ${pointId}` : 'there is no recovery point yet',
    {
      host: host.name,
      volume: volume.path,
      hint: pointId
        ? `tidemark points ${claim.relationship} lists what there is`
        : `tidemark sync ${claim.relationship} --wait`,
    },
  );
}

export function makeVerify(
  context: AgentContext,
): Pick<HostActivities, 'offerVerify' | 'receiveVerify' | 'verify' | 'markVerified'> {
  const { host, landings } = context;
  return {
    offerVerify: ({ id, mover, quick }) => moverFor(mover).offerVerify(host, { id, mover, quick }),

    async receiveVerify({ volume, claim, id, offer, mover, pointId, landingLifetimeMs }) {
      const driver = driverFor(volume.kind);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      const path = await driver.pointPath(host, volume, claim.relationship, point.id);
      const keeps = await driver.keeps?.(host, volume);
      const landing = await moverFor(mover).receive(host, landings, {
        id,
        ...(keeps && { keeps }),
        path,
        volume,
        offer,
        writeMode: 'verify',
        mover,
        expiresAt: expiryIn(landingLifetimeMs),
      });
      return { landing, point };
    },

    async verify({ volume, claim, capture, ...compared }) {
      const signal = Context.current().cancellationSignal;
      const onProgress = progressReporter();
      await driverFor(volume.kind).check(host, volume, claim);
      return moverFor(compared.mover).verify(host, {
        ...compared,
        ...{ volume, sourcePath: capture.path, signal, onProgress },
      });
    },

    async markVerified({ volume, claim, pointId, at }) {
      await driverFor(volume.kind).markVerified(host, volume, claim.relationship, pointId, at);
    },
  };
}
