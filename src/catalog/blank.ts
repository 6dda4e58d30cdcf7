/**
 * A database with nothing in it, made at build time: PostgreSQL's `initdb` takes 4 s of processor time within
 * PGlite, unpacking what it makes a quarter of that.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/** Beside the compiled code, whoever asks: also the sources, as tests run them. */
const PATH = join(__dirname, '..', '..', 'dist', 'blank-catalog.tar.gz');

/** For `loadDataDir` of PGlite; undefined where nothing was built, and PGlite makes its own. */
export async function readBlank(): Promise<Blob | undefined> {
  try {
    return new Blob([await readFile(PATH)]);
  } catch {
    return undefined;
  }
}

/** Part of the build. */
export async function writeBlank(): Promise<void> {
  const db = await PGlite.create();
  const dump = await db.dumpDataDir('gzip');
  await db.close();
  await writeFile(PATH, Buffer.from(await dump.arrayBuffer()));
}
