/**
 * A catalog with nothing in it, made at build time: PostgreSQL's `initdb` takes 4 s of processor time within PGlite. Copied
 * as a folder: unpacking an archive of it takes PGlite 2 s, for what is 0.2 s here.
 */
import { constants, cpSync, existsSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { migrate } from './migrate';
import type { CatalogSchema } from './schema';

/** Beside the compiled code, whoever asks: also the sources, as tests run them. */
export const BLANK = join(__dirname, '..', '..', 'dist', 'blank-catalog');

/** Puts one where there is none; where nothing was built, PGlite makes its own. @throws where the disk is full or faulty */
export function copyBlank(folder: string): void {
  if (existsSync(BLANK)) cpSync(BLANK, folder, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Part of the build. */
export async function writeBlank(): Promise<void> {
  await rm(BLANK, { recursive: true, force: true });
  const db = new Kysely<CatalogSchema>({
    dialect: new PGliteDialect({ pglite: await PGlite.create(BLANK) }),
  });
  await migrate(db);
  await sql`checkpoint`.execute(db);
  await db.destroy();
  await letAllRead();
}

/** PGlite lets some files be read by their owner alone, and others be written by all: who runs a catalog is seldom who built it. */
async function letAllRead(): Promise<void> {
  await chmod(BLANK, 0o755);
  for (const entry of await readdir(BLANK, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
}
