/** Brings an old primary back into step, as a target of the new one: the heart of `reverse`. */
import { volumePath } from '../model/endpoints';
import type { Comparison, Failure, Point, SyncRecord } from '../model/records';
import type { TargetSpec } from '../model/spec';
import { formatBytes, formatEntries } from '../model/units';
import { compare } from './compare';
import type { Saga } from './saga';
import { onHost, orStepFailed, StepFailed, toFailure } from './steps';
import { fence, refuse, runSync, sideOf } from './switch-steps';
import type { SwitchInput } from './switch-steps';

export interface BringBackInput extends SwitchInput {
  /** The old primary's name among the targets of the document, whose source is the new primary. */
  from: string;
  /** The last state that both held: a recovery point at the new primary. Null: none is known. */
  pointId: string | null;
  /** Somebody has seen that both sides changed, and wants the new primary's state. */
  acceptDiverged: boolean;
}

export interface BroughtBack {
  record: SyncRecord;
  /** What the old primary had for itself, where it had something. */
  diverged?: Point;
}

type Found = Comparison | Failure;

const isKnown = (found: Found): found is Comparison => 'total' in found;

function describeSide(found: Found): string {
  if (!isKnown(found)) return `not known (${found.message})`;
  return found.total === 0 ? 'nothing' : `${formatEntries(found.total)}, ${formatBytes(found.bytes)}`;
}

/** What one side has changed since the last state that both held. */
async function changesAt(input: BringBackInput, end: 'old' | 'new', old: TargetSpec): Promise<Found> {
  const { document, epoch, pointId } = input;
  const { source, mover } = document.spec;
  const holder = sideOf(input, source, epoch, 'source');
  if (pointId === null) {
    return { type: 'BaseLost', message: 'there is no recovery point that both sides held' };
  }
  try {
    const { comparison } = await compare({
      id: { relationship: document.metadata.name, target: `reverse:${end}`, syncId: holder.step.syncId },
      volume: end === 'new' ? holder : sideOf(input, old, epoch, 'target'),
      holder,
      pointId,
      mover,
      quick: true,
    });
    return comparison;
  } catch (error) {
    const failure = error instanceof StepFailed ? error.failure : toFailure(error, old.host);
    // Without the point there is nothing to compare with; whatever else is wrong is worth waiting for.
    if (failure.type !== 'PointMissing' || failure.host !== source.host) throw error;
    return failure;
  }
}

function checkDiverged(input: BringBackInput, old: TargetSpec, found: { old: Found; new: Found }): void {
  const changed = (side: Found) => !isKnown(side) || side.total > 0;
  if (input.acceptDiverged || !changed(found.old) || !changed(found.new)) return;
  const { source } = input.document.spec;
  const { name } = input.document.metadata;
  throw refuse(
    'Diverged',
    `both sides changed since they were last equal. ${old.host}:${volumePath(old)}, the old primary: ${describeSide(found.old)}. ` +
      `${source.host}:${volumePath(source)}, the primary: ${describeSide(found.new)}`,
    `tidemark reverse ${name} --accept-diverged goes on with ${source.host}, and first keeps what ${old.host} has as a recovery point of its own`,
  );
}

/** Keeps what the old primary has for itself. Cheap where the filesystem can snapshot or share blocks; a whole copy elsewhere. */
async function keepDiverged(saga: Saga, input: BringBackInput, old: TargetSpec): Promise<Point | null> {
  return await saga.step({
    phase: 'KeepingDiverged',
    text: `${old.host}:${volumePath(old)} is kept as it is, as a recovery point`,
    host: old.host,
    volume: volumePath(old),
    act: () =>
      orStepFailed(
        onHost(old.host, `Keep ${volumePath(old)} as it is`).keepDiverged({
          ...sideOf(input, old, input.epoch, 'target').step,
          target: old,
          sequence: input.sequence,
          capturedAt: new Date().toISOString(),
        }),
        old.host,
        volumePath(old),
      ),
  });
}

/** Where nothing can be kept, what the old primary has for itself goes only if somebody has accepted that in words. */
function giveUp(saga: Saga, input: BringBackInput, old: TargetSpec, found: Found): void {
  const where = `${old.host}:${volumePath(old)}, the old primary,`;
  const { name } = input.document.metadata;
  if (!input.acceptDiverged) {
    throw refuse(
      'Diverged',
      `${where} has changed since it was last equal to its copy (${describeSide(found)}), and its storage can keep no second state`,
      `copy it elsewhere where it is still wanted; tidemark reverse ${name} --accept-diverged gives it up`,
    );
  }
  saga.say(`${where} can keep no second state: what it alone had is given up`);
}

/** Compares both sides with the last state that both held, and keeps what the old primary alone has. */
async function keepWhatDiffers(
  saga: Saga,
  input: BringBackInput,
  old: TargetSpec,
): Promise<Point | undefined> {
  const found = await saga.step({
    phase: 'Comparing',
    text: `what ${old.host} and ${input.document.spec.source.host} changed since they were last equal`,
    host: old.host,
    volume: volumePath(old),
    act: async () => ({
      old: await changesAt(input, 'old', old),
      new: await changesAt(input, 'new', old),
    }),
  });
  saga.say(
    `since they were last equal, ${old.host} has changed ${describeSide(found.old)}; ${input.document.spec.source.host}: ${describeSide(found.new)}`,
  );
  checkDiverged(input, old, found);
  const isEqual = isKnown(found.old) && found.old.total === 0;
  const diverged = isEqual ? undefined : await keepDiverged(saga, input, old);
  if (diverged === null) giveUp(saga, input, old, found.old);
  return diverged ?? undefined;
}

/**
 * Fences the old primary, keeps what it alone has, and syncs it from the new one. Whatever happens in
 * between, both sides' data is whole somewhere.
 */
export async function bringBack(saga: Saga, input: BringBackInput, old: TargetSpec): Promise<BroughtBack> {
  const { document, epoch, from } = input;
  const where = { host: old.host, volume: volumePath(old) };
  const { isGone = false } = await saga.step({
    phase: 'Fencing',
    text: `${old.host}:${volumePath(old)} is a target from epoch ${epoch} on`,
    ...where,
    act: () => fence(input, old, from, epoch),
  });
  if (isGone) saga.say('it is no more: it is made anew, and all of it is sent');
  const diverged = isGone ? undefined : await keepWhatDiffers(saga, input, old);
  let sequence = input.sequence;
  const record = await saga.step({
    phase: 'Syncing',
    text: `${old.host} is brought into step with ${document.spec.source.host}`,
    ...where,
    act: () => {
      sequence++;
      return runSync(saga, document, {
        epoch,
        sequence,
        reason: 'reversed',
        targets: [from],
        // Nothing that it deletes is lost: it was kept, or is equal to a recovery point.
        approved: true,
      });
    },
  });
  return { record, ...(diverged && { diverged }) };
}
