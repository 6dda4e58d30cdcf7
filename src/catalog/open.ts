import type { Catalog, CatalogLocation } from './contract';
import { openEmbedded } from './embedded';
import { openPostgres } from './postgres';
import { makeSqlCatalog } from './sql-catalog';

/**
 * Opens the catalog and brings its tables to the newest state. A folder belongs to one process; a
 * PostgreSQL may be shared by any number of control workers.
 * @throws TidemarkError `VolumeBusy`, `ToolFailed`; a password is never in it.
 */
export async function openCatalog(location: CatalogLocation): Promise<Catalog> {
  return makeSqlCatalog(
    'url' in location ? await openPostgres(location.url) : await openEmbedded(location.dataDir),
  );
}
