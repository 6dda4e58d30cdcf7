import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TidemarkError } from '../../model/errors';

const SQLITE_BUSY = 5;

interface Holder {
  pid: number;
  since: string;
}

/**
 * Keeps a folder for this process alone, until {@link release} or its end, however sudden. The lock is
 * the kernel's own on a file, taken through SQLite since Node itself offers none: nothing goes stale,
 * and processes of other containers on one volume see it too.
 * @throws TidemarkError `VolumeBusy` naming the other process.
 */
export function lockFolder(
  folder: string,
  what: string,
  hint = 'end that process, or use another folder',
): { release(): void } {
  const holderPath = join(folder, 'lock.json');
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new TidemarkError('VolumeBusy', `${what} in ${folder} is in use by ${describeHolder(holderPath)}`, {
      hint,
    });
  }
  const holder: Holder = { pid: process.pid, since: new Date().toISOString() };
  writeFileSync(holderPath, JSON.stringify(holder), { mode: 0o600 });
  return { release: () => lock.close() };
}

function describeHolder(path: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(path, 'utf8')) as Holder;
    return `process ${pid}, since ${since}`;
  } catch {
    return 'another process that is just starting';
  }
}
