/** Preflight of a sync on either side: looks, guards, and claims; moves no data. */
import { Context } from '@temporalio/activity';
import { targetName } from '../../model/endpoints';
import type { Capture } from '../../model/capture';
import { declarationOf } from '../../model/kinds';
import { sendsStates } from '../../model/movers';
import type { HeldState, Volume } from '../../model/records';
import type { MoverSpec, TargetSpec } from '../../model/spec';
import type { HostActivities, SourcePrepared, StepContext, TargetPrepared } from '../contract';
import type { Host } from '../../hosts/contract';
import type { TransferId } from '../../movers/contract';
import type { Reach } from '../../movers/reach';
import type { VolumeDriver } from '../../volumes/contract';
import type { AgentContext } from './context';
import { withReach } from './doors';
import type { Exclusive } from './exclusive';
import { runOwedUndo } from './hooks';
import { checkMode, inspectEndpoint } from './inspect';
import { landingsSincePublish } from './landed';
import { chooseCaptureMethod, choosePointMethod } from './copy-method';
import { isForeign, wasWrittenMeanwhile } from './own-data';
import { freeze } from './transfer';

export function makePrepare(
  context: AgentContext,
  exclusive: Exclusive,
): Pick<HostActivities, 'inspectEndpoint' | 'ping' | 'prepareSource' | 'prepareTarget' | 'settleSource'> {
  const { host, volumes } = context;
  return {
    async ping() {},

    inspectEndpoint: (input) => inspectEndpoint(context, input),

    async prepareSource(input): Promise<SourcePrepared> {
      const { volume, claim, syncId, source, hooks } = input;
      const driver = volumes.driverFor(volume);
      await runOwedUndo(context, host, claim.relationship);
      await driver.check(host, volume, claim, { approved: input.approved });
      await driver.claim(host, volume, claim, { approved: input.approved });
      const isReadFrozen = declarationOf(volume.kind).isReadFrozen === true;
      const use = { relationship: claim.relationship, target: '', syncId };
      const inspecting = driver.inspect(host, volume, { inside: !isReadFrozen });
      const holding = sendsStates(input.mover) ? driver.states(host, volume, claim.relationship) : undefined;
      const [inspection, states] = await Promise.all([inspecting, holding]);
      checkMode(host, volume, inspection, input.mover);
      const isHeld = declarationOf(volume.kind).isFilledByOthers === true;
      const isLive = !isHeld && chooseCaptureMethod(source, inspection) === 'Direct';
      const capture = isReadFrozen && !isLive ? await freeze(context, exclusive, input) : undefined;
      const { bytes, fileBytes, empty, offers } = await measure(context, input, use, capture).catch(
        async (error: unknown) => {
          // Whoever writes there may wait for it, and nobody is told that it is there.
          if (capture)
            await driver.release(host, volume, { relationship: claim.relationship, keepSyncIds: [] });
          throw error;
        },
      );
      const { capacityBytes, isBlock } = inspection;
      return {
        ...{ bytes, fileBytes, offers, empty: empty ?? inspection.empty },
        captureNeeded: !isLive || hooks.beforeCapture.length > 0 || hooks.afterCapture.length > 0,
        liveCapture: { syncId, method: 'Direct', path: volume.path, live: true },
        warnings: [],
        ...(states && { states }),
        ...(capture && { capture }),
        shape: { ...(capacityBytes !== undefined && { capacityBytes }), ...(isBlock && { isBlock }) },
      };
    },

    async settleSource({ volume, claim }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      await driver.claim(host, volume, claim);
    },

    async prepareTarget(input): Promise<TargetPrepared> {
      const { volume, claim } = input;
      const driver = volumes.driverFor(volume);
      const looking = driver.inspect(host, volume);
      // Where both fail, what the check says is the better reason.
      looking.catch(() => undefined);
      await driver.check(host, volume, claim, { approved: input.approved });
      const before = await looking;
      checkMode(host, volume, before, input.mover);
      const { cancellationSignal: signal } = Context.current();
      const foreign = isForeign(before, input) || (await wasWrittenMeanwhile(context, before, input, signal));
      // A target that holds foreign data is not claimed before somebody has approved of it.
      if (!foreign || input.approved) await driver.claim(host, volume, claim, { approved: input.approved });
      return lookAtTarget(context, input, foreign);
    },
  };
}

/** How large what is to be sent is, and with which keys; of what was frozen, where it was. */
async function measure(
  { host, volumes }: AgentContext,
  { volume, mover: spec, targets }: Parameters<HostActivities['prepareSource']>[0],
  use: TransferId,
  capture: Capture | undefined,
): Promise<Pick<SourcePrepared, 'bytes' | 'fileBytes' | 'offers'> & { empty?: boolean }> {
  const driver = volumes.driverFor(volume);
  const mover = volumes.moverFor(spec);
  const offerTo = async (reach: Reach, target: (typeof targets)[number]) => {
    const { name, host: targetHost, mover: its = spec } = target;
    const id = { ...use, target: name };
    const offer = await volumes.moverFor(its).offer(host, { id, reach, targetHost, volume, mover: its });
    return [name, offer] as const;
  };
  const state = capture ? ({ of: 'capture', capture } as const) : ({ of: 'live' } as const);
  return await withReach({ host, volume, driver }, state, use, async (reach) => {
    const [size, offers] = await Promise.all([
      mover.measure(host, { reach, mover: spec }),
      Promise.all(targets.map((target) => offerTo(reach, target))),
    ]);
    const empty = size.empty === undefined ? {} : { empty: size.empty };
    return { bytes: size.disk, fileBytes: size.files, offers: Object.fromEntries(offers), ...empty };
  });
}

async function lookAtTarget(
  { host, volumes }: AgentContext,
  { volume, claim, syncId, target, mover }: StepContext & { target: TargetSpec; mover: MoverSpec },
  foreign: boolean,
): Promise<TargetPrepared> {
  const { relationship } = claim;
  const driver = volumes.driverFor(volume);
  const [inspection, points, { diskBytes: bytes, hasHardLinks }, landings, held] = await Promise.all([
    driver.inspect(host, volume),
    driver.points(host, volume, relationship),
    driver.diskUse(host, volume),
    landingsSincePublish(host, { relationship, target: targetName(target), syncId }),
    sendsStates(mover) ? lookAtStates(driver, host, volume, relationship) : undefined,
  ]);
  const newestPoint = points.at(-1);
  const isUncounted = held !== undefined && inspection.exists && !inspection.empty && !newestPoint?.files;
  const counted = isUncounted ? (await driver.size(host, volume)).entries : 0;
  const resuming = !newestPoint && !inspection.empty && !foreign;
  return {
    method: choosePointMethod(target, inspection),
    hasHardLinks,
    freeBytes: inspection.freeBytes,
    ...(inspection.fixedBytes !== undefined && { fixedBytes: inspection.fixedBytes }),
    bytes,
    // Unlike the replica, it holds nothing of a transfer that broke.
    pointBytes: landings > 0 || !newestPoint ? Math.min(bytes, newestPoint?.bytes ?? 0) : bytes,
    files: newestPoint?.files || counted,
    ...(newestPoint && { newestPoint }),
    foreign,
    resuming,
    exists: inspection.exists,
    ...(inspection.canGrow && { growsFrom: inspection.capacityBytes ?? 0 }),
    ...held,
  };
}

async function lookAtStates(
  driver: VolumeDriver,
  host: Host,
  volume: Volume,
  relationship: string,
): Promise<{ states: HeldState[]; changed: boolean }> {
  const [states, changed] = await Promise.all([
    driver.states(host, volume, relationship),
    driver.isChanged(host, volume, relationship),
  ]);
  return { states, changed };
}
