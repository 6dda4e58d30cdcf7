import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, types } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { TidemarkError } from '../model/errors';
import { copyBlank } from './blank';
import { makeDurability, type Durability } from './durability';
import { lockFolder } from '../hosts/local/folder-lock';
import { migrate } from './migrate';
import type { CatalogSchema } from './schema';
import type { OpenDatabase } from './sql-catalog';

/** When the write-ahead log is cut. */
export interface Upkeep {
  /** So often its size is looked at. */
  writesPerLook: number;
  logLimitBytes: number;
}

const UPKEEP: Upkeep = { writesPerLook: 500, logLimitBytes: 32 * 1024 ** 2 };

const LOCKED_HINT =
  'end that process, or use another folder (TIDEMARK_HOME), or a PostgreSQL (TIDEMARK_DATABASE_URL) for several control workers';

/**
 * Opens the PostgreSQL that runs inside this process, with its data in a folder for this process alone.
 * @throws TidemarkError `VolumeBusy` where another process has it, `ToolFailed` where it can't be opened.
 */
export async function openEmbedded(dataDir: string, upkeep = UPKEEP): Promise<OpenDatabase> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockFolder(dataDir, 'the catalog', LOCKED_HINT);
  try {
    const opened = await openLocked(dataDir, upkeep);
    return {
      ...opened,
      close: async () => {
        await opened.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLocked(dataDir: string, upkeep: Upkeep): Promise<OpenDatabase> {
  const folder = join(dataDir, 'postgres');
  const ready = join(dataDir, 'ready');
  const isNew = !existsSync(ready);
  // Without the mark, the very first start was cut short: nothing was ever promised to be in there.
  if (isNew) await rm(folder, { recursive: true, force: true });
  const explain = (error: unknown) => explainEmbedded(error, folder);
  const durability = makeDurability(folder);
  const db = new Kysely<CatalogSchema>({
    dialect: new PGliteDialect({ pglite: await openPglite(folder, isNew) }),
  });
  const close = async () => {
    await db.destroy();
    await durability.flushAll();
  };
  try {
    await migrate(db);
    if (isNew) {
      await durability.flushAll();
      await writeFile(ready, '', { flush: true });
    }
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw error instanceof TidemarkError ? error : explain(error);
  }
  return { db, afterWrite: makeAfterWrite(db, durability, upkeep), explain, close };
}

async function openPglite(folder: string, isNew: boolean): Promise<PGlite> {
  try {
    if (isNew) copyBlank(folder);
    return await PGlite.create({
      dataDir: folder,
      // A catalog is small: the default of 128 MB would be most of this process.
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'],
      parsers: {
        [types.INT8]: Number,
        [types.TIMESTAMPTZ]: (text: string) => new Date(text).toISOString(),
      },
    });
  } catch (error) {
    throw new TidemarkError('ToolFailed', `the catalog in ${folder} cannot be opened`, {
      toolMessage: error instanceof Error ? error.message : String(error),
      hint: `look whether the disk is full or faulty; to begin a new catalog, move ${folder} away: data and recovery points are not in it, only the history is`,
    });
  }
}

/** Nothing runs in the background here, so the log is cut and the tables are swept every so often. */
function makeAfterWrite(
  db: Kysely<CatalogSchema>,
  durability: Durability,
  upkeep: Upkeep,
): () => Promise<void> {
  let writes = 0;
  return async () => {
    await durability.flushLog();
    if (++writes % upkeep.writesPerLook !== 0) return;
    const log = await sql<{ bytes: number }>`
      select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`.execute(
      db,
    );
    if ((log.rows[0]?.bytes ?? 0) < upkeep.logLimitBytes) return;
    await sql`vacuum (analyze)`.execute(db);
    await sql`checkpoint`.execute(db);
    await durability.flushAll();
  };
}

function explainEmbedded(error: unknown, folder: string): TidemarkError {
  return new TidemarkError('ToolFailed', `the catalog in ${folder} does not answer as it should`, {
    toolMessage: error instanceof Error ? error.message : String(error),
    hint: 'look whether the disk is full or faulty',
  });
}
