/** Preflight of a sync on either side: looks, guards, and claims; moves no data. */
import { Context } from '@temporalio/activity';
import type { Host } from '../../hosts/contract';
import { targetName } from '../../model/endpoints';
import { sendsStates } from '../../model/movers';
import type { HeldState, Volume } from '../../model/records';
import type { MoverSpec, TargetSpec } from '../../model/spec';
import { driverFor, moverFor } from '../../volumes/registry';
import type { HostActivities, SourcePrepared, StepContext, TargetPrepared } from '../contract';
import type { AgentContext } from './context';
import { runOwedUndo } from './hooks';
import { inspectEndpoint } from './inspect';
import { landingsSincePublish } from './landed';
import { chooseCaptureMethod, choosePointMethod } from './copy-method';
import { isForeign, wasWrittenMeanwhile } from './own-data';

export function makePrepare(
  context: AgentContext,
): Pick<HostActivities, 'inspectEndpoint' | 'ping' | 'prepareSource' | 'prepareTarget'> {
  const { host } = context;
  return {
    async ping() {},

    inspectEndpoint: (input) => inspectEndpoint(context, input),

    async prepareSource(input): Promise<SourcePrepared> {
      const { volume, claim, syncId, source, hooks } = input;
      const driver = driverFor(volume.kind);
      await runOwedUndo(context, host, claim.relationship);
      await driver.check(host, volume, claim, { approved: input.approved });
      await driver.claim(host, volume, claim, { approved: input.approved });
      const mover = moverFor(input.mover);
      const [inspection, size, states, offers] = await Promise.all([
        driver.inspect(host, volume),
        mover.measure(host, { path: volume.path, mover: input.mover }),
        sendsStates(input.mover) ? driver.states(host, volume, claim.relationship) : undefined,
        Promise.all(
          input.targets.map(async (target) => {
            const id = { relationship: claim.relationship, target: target.name, syncId };
            return [
              target.name,
              await mover.offer(host, { id, targetHost: target.host, volume, mover: input.mover }),
            ] as const;
          }),
        ),
      ]);
      return {
        bytes: size.disk,
        fileBytes: size.files,
        empty: inspection.empty,
        captureNeeded:
          chooseCaptureMethod(source, inspection) !== 'Direct' ||
          hooks.beforeCapture.length > 0 ||
          hooks.afterCapture.length > 0,
        liveCapture: { syncId, method: 'Direct', path: volume.path, live: true },
        offers: Object.fromEntries(offers),
        warnings: [],
        ...(states && { states }),
      };
    },

    async prepareTarget(input): Promise<TargetPrepared> {
      const { volume, claim } = input;
      const driver = driverFor(volume.kind);
      const looking = driver.inspect(host, volume);
      // Where both fail, what the check says is the better reason.
      looking.catch(() => undefined);
      await driver.check(host, volume, claim, { approved: input.approved });
      const before = await looking;
      const { cancellationSignal: signal } = Context.current();
      const foreign = isForeign(before, input) || (await wasWrittenMeanwhile(host, before, input, signal));
      // A target that holds foreign data is not claimed before somebody has approved of it.
      if (!foreign || input.approved) await driver.claim(host, volume, claim, { approved: input.approved });
      return lookAtTarget(host, input, foreign);
    },
  };
}

async function lookAtTarget(
  host: Host,
  { volume, claim, syncId, target, mover }: StepContext & { target: TargetSpec; mover: MoverSpec },
  foreign: boolean,
): Promise<TargetPrepared> {
  const { relationship } = claim;
  const driver = driverFor(volume.kind);
  const [inspection, points, bytes, landings, held] = await Promise.all([
    driver.inspect(host, volume, { hardLinks: true }),
    driver.points(host, volume, relationship),
    driver.diskBytes(host, volume),
    landingsSincePublish(host, { relationship, target: targetName(target), syncId }),
    sendsStates(mover) ? lookAtStates(host, volume, relationship) : undefined,
  ]);
  const newestPoint = points.at(-1);
  const isUncounted = held !== undefined && inspection.exists && !inspection.empty && !newestPoint?.files;
  const counted = isUncounted ? (await driver.size(host, volume)).entries : 0;
  const resuming = !newestPoint && !inspection.empty && !foreign;
  return {
    method: choosePointMethod(target, inspection),
    hasHardLinks: inspection.hasHardLinks,
    freeBytes: inspection.freeBytes,
    bytes,
    // Unlike the replica, it holds nothing of a transfer that broke.
    pointBytes: landings > 0 || !newestPoint ? Math.min(bytes, newestPoint?.bytes ?? 0) : bytes,
    files: newestPoint?.files || counted,
    ...(newestPoint && { newestPoint }),
    foreign,
    resuming,
    exists: inspection.exists,
    ...held,
  };
}

async function lookAtStates(
  host: Host,
  volume: Volume,
  relationship: string,
): Promise<{ states: HeldState[]; changed: boolean }> {
  const driver = driverFor(volume.kind);
  const [states, changed] = await Promise.all([
    driver.states(host, volume, relationship),
    driver.isChanged(host, volume, relationship),
  ]);
  return { states, changed };
}
