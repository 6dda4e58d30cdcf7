/** Capture, landing, transfer, release: the bytes of a sync. */
import { Context } from '@temporalio/activity';
import type { Host } from '../../hosts/contract';
import type { Capture } from '../../model/capture';
import { declarationOf } from '../../model/kinds';
import type { CaptureMethod, Progress, Volume } from '../../model/records';
import { estimateNeededBytes } from '../../model/space';
import type { SourceSpec } from '../../model/spec';
import type { TransferId } from '../../movers/contract';
import type { Reach } from '../../movers/reach';
import type { VolumeDriver } from '../../volumes/contract';
import { receiveAttempt } from '../../movers/shared/names';
import type { HostActivities, StepContext } from '../contract';
import type { AgentContext } from './context';
import { chooseCaptureMethod, statedCaptureMethod } from './copy-method';
import { type Doors, withCapture } from './doors';
import type { Exclusive } from './exclusive';
import { betweenHooks } from './hooks';
import { dropLanding, expiryIn, noteClosing, noteLanding, readLandings } from './landed';
import { readWhole } from './middle';
import { followTransfer, progressReporter, takeReached } from './progress';
import { isTorn } from './torn';

type Activities = Pick<
  HostActivities,
  'capture' | 'receive' | 'transfer' | 'release' | 'closeTransfer' | 'measureShortage' | 'retireEndpoint'
>;

/** What a volume of a relationship is locked by on its host, whatever its role: roles change. */
export function stepKey({ home }: Host, { claim, volume }: Pick<StepContext, 'claim' | 'volume'>): string {
  // A store is no volume of a host: several agents of one machine may work with it at once.
  const own = declarationOf(volume.kind).isAtSource ? `:${home}` : '';
  return `${claim.relationship}:${volume.path}${own}`;
}

/** The live files that a clone is of; undefined where they are not in a folder of the agent's host. */
function liveFolder({ kind, path }: Volume): string | undefined {
  const { isFolder, isFilledByOthers, locate } = declarationOf(kind);
  if (isFolder) return path;
  return isFilledByOthers ? locate(path)?.path : undefined;
}

/** `Auto` is looked for; what the spec names is taken at its word, and refused by the driver where it can't be. */
async function findCaptureMethod(
  { host, driver }: { host: Host; driver: VolumeDriver },
  volume: Volume,
  source: SourceSpec,
): Promise<CaptureMethod> {
  const stated = statedCaptureMethod(source);
  return stated ?? chooseCaptureMethod(source, await driver.inspect(host, volume, { inside: false }));
}

/** Freezes the source between its hooks. */
export async function freeze(
  context: AgentContext,
  exclusive: Exclusive,
  input: Parameters<HostActivities['capture']>[0],
): Promise<Capture> {
  const { host, volumes } = context;
  const { volume, claim, syncId, source, hooks, mover } = input;
  const { relationship } = claim;
  const signal = Context.current().cancellationSignal;
  return await exclusive.run(host, stepKey(host, input), async (marked) => {
    const driver = volumes.driverFor(volume);
    await driver.check(marked, volume, claim);
    const subject = { relationship, syncId, volume };
    const method = await findCaptureMethod({ host: marked, driver }, volume, source);
    return betweenHooks(context, marked, hooks, subject, signal, () =>
      readWhole(
        { host: marked, volumes, volume, relationship },
        () =>
          driver.capture(marked, volume, {
            relationship,
            syncId,
            method,
            mover,
            signal,
            onProgress: progressReporter(),
          }),
        () => driver.release(marked, volume, { relationship, keepSyncIds: [] }),
      ),
    );
  });
}

/** Undefined where that can't be found out now: the store may be what failed. */
async function findTorn(context: AgentContext, volume: Volume, id: TransferId): Promise<boolean | undefined> {
  try {
    const points = await context.volumes.driverFor(volume).points(context.host, volume, id.relationship);
    return await isTorn(context, { volume, id, point: points.at(-1) });
  } catch {
    return undefined;
  }
}

export function makeTransfer(context: AgentContext, exclusive: Exclusive, doors: Doors): Activities {
  const { host, volumes } = context;
  const release: HostActivities['release'] = async (input) => {
    const { volume, claim, keepSyncIds } = input;
    await exclusive.run(host, stepKey(host, input), (marked) =>
      volumes.driverFor(volume).release(marked, volume, { relationship: claim.relationship, keepSyncIds }),
    );
  };
  return {
    release,

    capture: (input) => freeze(context, exclusive, input),

    async receive(input) {
      const { volume, claim, id, offer, writeMode, stream, mover, landingLifetimeMs } = input;
      const { maxDeletions, maxDeletionsPercent, source = {} } = input;
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      await driver.make?.(host, volume, claim, source, Context.current().cancellationSignal);
      const open = () => driver.reach(host, volume, { of: 'live' }, id);
      return await doors.openFor(id, open, async (reach, landings) => {
        await reach.runner.endAttempts(receiveAttempt(host.home, id));
        const written = await driver.listWritten?.(host, volume, {
          relationship: claim.relationship,
          landings: await readLandings(host, id),
          signal: Context.current().cancellationSignal,
        });
        await noteLanding(host, id);
        const keeps = await driver.keeps?.(host, volume);
        return await volumes.moverFor(mover).receive(host, landings, {
          id,
          ...(keeps && { keeps }),
          ...(written && { written }),
          reach,
          volume,
          offer,
          writeMode,
          ...(stream && { stream }),
          mover,
          expiresAt: expiryIn(landingLifetimeMs),
          ...(maxDeletions !== undefined && { maxDeletions }),
          ...(maxDeletionsPercent !== undefined && { maxDeletionsPercent }),
        });
      });
    },

    async transfer(input) {
      const { volume, claim, capture, base, item, opened, id, writeMode, stream, mover, told, maxDeletions } =
        input;
      const { maxDeletionsPercent, targetEntries, expectedBytes, since } = input;
      const { cancellationSignal: signal, info } = Context.current();
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      // Of kinds whose live volume is elsewhere, the clone's own files are looked at: what is new of them is compared.
      const livePath = capture.method === 'Clone' ? liveFolder(volume) : undefined;
      const sendFrom = (reach: Reach, onProgress: (progress: Progress) => void) =>
        volumes.moverFor(mover).transfer(host, {
          id,
          reach,
          ...(item !== undefined && { item }),
          capture,
          opened,
          writeMode,
          ...(stream && { stream }),
          mover,
          told,
          ...(maxDeletions !== undefined && { maxDeletions }),
          ...(maxDeletionsPercent !== undefined && { maxDeletionsPercent }),
          ...(targetEntries !== undefined && { targetEntries }),
          ...(since && {
            remembered: { epoch: claim.epoch, ...since, ...(livePath !== undefined && { livePath }) },
          }),
          expectedBytes,
          signal,
          onProgress,
        });
      const { relationship } = claim;
      const { capturedAt, ...stats } = await followTransfer(id, (onProgress) => {
        const what = { capture, ...(base !== undefined && { base }) };
        const send = () =>
          withCapture({ host, volume, driver }, what, id, (reach) => sendFrom(reach, onProgress));
        return capture.live ? readWhole({ host, volumes, volume, relationship }, send) : send();
      });
      // A source that was lost or replaced in the middle must not become a recovery point.
      await driver.check(host, volume, claim);
      // What can't be released now, the next release finds and drops: it is space, not data.
      if (input.releaseAfter) await release({ ...input, keepSyncIds: [] }).catch(() => undefined);
      return { stats, attempt: info.attempt, ...(capturedAt !== undefined && { capturedAt }) };
    },

    async closeTransfer({ id, volumes: touched = [], target, untouched }) {
      const closedAt = await host.files.clock();
      await doors.close(id, volumes.movers, touched);
      if (target && untouched) {
        await volumes.driverFor(target).unmake?.(host, target);
        await dropLanding(host, id);
      }
      await noteClosing(host, id, closedAt);
      const reachedBytes = takeReached(id);
      const torn = target && (await findTorn(context, target, id));
      return { ...(reachedBytes !== undefined && { reachedBytes }), ...(torn !== undefined && { torn }) };
    },

    async measureShortage({ volume, growth }) {
      const driver = volumes.driverFor(volume);
      const { freeBytes, inodes } = await driver.inspect(host, volume);
      const { diskBytes: replicaBytes } = await driver.diskUse(host, volume);
      const needed = estimateNeededBytes({ ...growth, replicaBytes });
      const quota = await driver.quota?.(host, volume);
      const missingBytes = Math.max(0, needed - freeBytes);
      return { freeBytes, missingBytes, ...(inodes && { inodes }), ...(quota && { quota }) };
    },

    async retireEndpoint({ volume, relationship, copyOf }) {
      const driver = volumes.driverFor(volume);
      await driver.release(host, volume, { relationship, keepSyncIds: [] });
      await driver.disclaim(host, volume, relationship, copyOf);
      for (const mover of volumes.movers) await mover.forget?.(host, relationship);
    },
  };
}
