/**
 * PGlite never calls fsync: what it wrote survives the end of the process, but not a power failure.
 * This does what PostgreSQL would: the write-ahead log is on disk before a write is acknowledged, and
 * all the rest after each checkpoint.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT = /^[0-9A-F]{24}$/;

export interface Durability {
  /** Settles once everything written so far is on disk; calls that wait at one time share one flush. */
  flushLog(): Promise<void>;
  /** The whole folder to disk. */
  flushAll(): Promise<void>;
}

/** @param folder the data folder of a PostgreSQL. */
export function makeDurability(folder: string): Durability {
  const flushedAt = new Map<string, number>();
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;

  const flushSegments = async () => {
    const wal = join(folder, 'pg_wal');
    for (const name of (await readdir(wal)).filter((entry) => SEGMENT.test(entry))) {
      const path = join(wal, name);
      const { mtimeMs } = await stat(path);
      if (flushedAt.get(name) === mtimeMs) continue;
      await flushPath(path);
      flushedAt.set(name, mtimeMs);
    }
  };
  return {
    flushLog() {
      // Whoever comes while a flush runs may have written after its start: they share the next one.
      waiting ??= running
        .catch(() => undefined)
        .then(() => {
          waiting = undefined;
          running = flushSegments();
          return running;
        });
      const flushed = waiting;
      return flushed;
    },
    flushAll: () => flushTree(folder),
  };
}

async function flushTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await flushTree(path);
    else if (entry.isFile()) await flushPath(path);
  }
  await flushPath(folder);
}

/** A file or a folder to disk; one that is gone needs nothing. */
async function flushPath(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r');
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
