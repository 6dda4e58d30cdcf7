import { Context } from '@temporalio/activity';
import { TidemarkError } from '../../model/errors';
import { declarationOf } from '../../model/kinds';
import type { Point } from '../../model/records';
import type { Mover, TransferId } from '../../movers/contract';
import type { Reach } from '../../movers/reach';
import type { HostActivities, StepContext } from '../contract';
import type { AgentContext } from './context';
import { type Doors, withCapture, withReach } from './doors';
import { expiryIn } from './landed';
import { progressReporter } from './progress';

/** A point by id, or the newest. @throws TidemarkError `PointMissing` naming what there is. */
export async function findPoint(
  context: AgentContext,
  { volume, claim }: Pick<StepContext, 'volume' | 'claim'>,
  pointId?: string,
): Promise<Point> {
  const { host, volumes } = context;
  const driver = volumes.driverFor(volume);
  if (pointId?.includes(':') && driver.findOther)
    return await driver.findOther(host, volume, claim.relationship, pointId);
  const points = await driver.points(host, volume, claim.relationship);
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

/** Whoever holds the point may know what it was never to hold; nobody but a volume that this host reaches too is asked. */
function askHolder(
  { host, volumes }: AgentContext,
  { volume, pointId }: NonNullable<Parameters<HostActivities['verify']>[0]['holder']>,
  { source, use }: { source: Reach; use: TransferId },
): Pick<Parameters<Mover['verify']>[1], 'findOmitted'> {
  if (declarationOf(volume.kind).isAtSource !== true) return {};
  const driver = volumes.driverFor(volume);
  if (!driver.findOmitted) return {};
  const find = driver.findOmitted.bind(driver, host, volume);
  const about = { relationship: use.relationship, pointId, source, use };
  return { findOmitted: (missing, differing) => find({ ...about, missing, differing }) };
}

export function makeVerify(
  context: AgentContext,
  doors: Doors,
): Pick<HostActivities, 'offerVerify' | 'receiveVerify' | 'verify' | 'markVerified'> {
  const { host, volumes } = context;
  return {
    offerVerify: ({ volume, id, mover, quick }) =>
      withReach(
        { host, volume, driver: volumes.driverFor(volume) },
        { of: 'live', orFrozen: true },
        id,
        (reach) => volumes.moverFor(mover).offerVerify(host, { id, reach, mover, quick }),
      ),

    async receiveVerify({ volume, claim, id, offer, mover, pointId, landingLifetimeMs }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      const keeps = await driver.keeps?.(host, volume);
      const held = { of: 'point', relationship: claim.relationship, pointId: point.id } as const;
      const state = { ...held, toCompare: true } as const;
      const open = () => driver.reach(host, volume, state, id);
      const opened = await doors.openFor(id, open, (reach, landings) =>
        volumes.moverFor(mover).receive(host, landings, {
          ...{ id, reach, volume, offer, mover },
          ...(keeps && { keeps }),
          writeMode: 'verify',
          expiresAt: expiryIn(landingLifetimeMs),
        }),
      );
      return { opened, point };
    },

    async verify({ volume, claim, capture, base, holder, ...compared }) {
      const signal = Context.current().cancellationSignal;
      const onProgress = progressReporter();
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      const what = { capture, orFrozen: true, ...(base !== undefined && { base }) } as const;
      return await withCapture({ host, volume, driver }, what, compared.id, (reach) => {
        const mover = volumes.moverFor(compared.mover);
        const asking = holder && askHolder(context, holder, { source: reach, use: compared.id });
        return mover.verify(host, { ...compared, ...asking, ...{ volume, reach, signal, onProgress } });
      });
    },

    async markVerified({ volume, claim, pointId, at }) {
      await volumes.driverFor(volume).markVerified(host, volume, claim.relationship, pointId, at);
    },
  };
}
