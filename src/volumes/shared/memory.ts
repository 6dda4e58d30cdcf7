/**
 * What this agent has claimed, kept in its own home: a volume that is remembered here and knows
 * nothing of its claim any more is not the volume that it was, most often because it isn't mounted.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { withLock } from './lock';
import { isInside } from './mounts';
import { type Subject, writeRecord } from './tools';

/** Relationships by volume path. */
const MemorySchema = z.record(z.string(), z.array(z.string()));

function memoryPath({ host }: Subject): string {
  return join(host.home, 'volumes.json');
}

async function readMemory(subject: Subject): Promise<Record<string, string[]>> {
  const text = await subject.host.files.read(memoryPath(subject));
  return text === undefined ? {} : MemorySchema.parse(JSON.parse(text));
}

export async function isRemembered(subject: Subject, relationship: string): Promise<boolean> {
  const memory = await readMemory(subject);
  return memory[subject.volume.path]?.includes(relationship) ?? false;
}

/** Other volumes that this agent has claimed for anybody, and that lie inside of `folder`. */
export async function findRememberedInside(subject: Subject, folder: string): Promise<string[]> {
  const paths = Object.keys(await readMemory(subject));
  return paths.filter((path) => path !== subject.volume.path && path !== folder && isInside(path, folder));
}

/** Remembers, or forgets, that a claim was stored with this volume. Repeatable. */
export async function noteClaim(subject: Subject, relationship: string, isStored: boolean): Promise<void> {
  await withLock(memoryPath(subject), async () => {
    const memory = await readMemory(subject);
    const before = memory[subject.volume.path] ?? [];
    if (before.includes(relationship) === isStored) return;
    const after = isStored ? [...before, relationship] : before.filter((name) => name !== relationship);
    const { [subject.volume.path]: _replaced, ...others } = memory;
    const changed = after.length > 0 ? { ...others, [subject.volume.path]: after } : others;
    await writeRecord(subject, memoryPath(subject), changed);
  });
}
