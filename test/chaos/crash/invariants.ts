/** What must hold after any operation, wherever it was cut off. */
import type { Snapshot, Stage } from './stage';

/** Exactly one side has the newest epoch as its primary; the other is fenced, or it is said that it is not. */
async function checkOnePrimary(stage: Stage, { status, primary, other }: Snapshot): Promise<void> {
  const [held, others] = [await stage.claim(primary), await stage.claim(other)];
  if (held.role !== 'source') throw new Error(`${primary} is the primary, but holds ${JSON.stringify(held)}`);
  if (held.epoch > status.epoch) throw new Error(`${primary} is in epoch ${held.epoch}, ahead of all`);
  if (others.role === 'source' && others.epoch >= held.epoch)
    throw new Error(`both are primaries: ${primary} of epoch ${held.epoch}, ${other} of ${others.epoch}`);
  const isToldOf = status.takeover?.fenced === false;
  if (others.role === 'source' && !isToldOf) throw new Error(`${other} was not fenced, and nobody is told`);
  await stage.storage.checkWritable(primary);
}

/** Nothing that a recovery point had promised is lost, and there is one. */
async function checkPoints(stage: Stage, before: Snapshot): Promise<void> {
  const now = await stage.digestPoints();
  for (const [key, digest] of before.points) {
    if (!now.has(key)) throw new Error(`the recovery point ${key} is gone`);
    if (now.get(key) !== digest) throw new Error(`the recovery point ${key} has changed`);
  }
}

export async function checkInvariants(stage: Stage, before: Snapshot, after: Snapshot): Promise<void> {
  if (after.status.epoch < before.status.epoch) throw new Error('the epoch has fallen');
  await checkOnePrimary(stage, after);
  await checkPoints(stage, before);
}
