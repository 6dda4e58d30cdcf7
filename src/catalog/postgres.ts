import { Kysely, PostgresDialect } from 'kysely';
import { Pool, types, type CustomTypesConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { TidemarkError } from '../model/errors';
import { migrate } from './migrate';
import type { CatalogSchema } from './schema';
import type { OpenDatabase } from './sql-catalog';

const INT8 = 20;
const TIMESTAMPTZ = 1184;
const CONNECTION_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 60_000;

/** What `pg` answers: bigint as number, timestamps as ISO 8601. */
const parsers: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: unknown) => {
    if (oid === INT8) return Number;
    const standard = types.getTypeParser(oid, format as 'text') as (text: string) => unknown;
    return oid === TIMESTAMPTZ ? (text: string) => (standard(text) as Date).toISOString() : standard;
  },
};

/** Opens a PostgreSQL and brings its tables to the newest state. @throws TidemarkError `ToolFailed`. */
export async function openPostgres(url: string): Promise<OpenDatabase> {
  const server = readUrl(url);
  const explain = (error: unknown) => explainPostgres(error, server);
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'tidemark',
    types: parsers,
  });
  // A connection that breaks while idle is replaced by the pool; without a listener it ends the process.
  pool.on('error', () => undefined);
  const db = new Kysely<CatalogSchema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error instanceof TidemarkError ? error : explain(error);
  }
  return { db, afterWrite: () => Promise.resolve(), explain, close: () => db.destroy() };
}

interface Server {
  /** As users may see it: host, port, database, user, without the password. */
  shown: string;
  user: string | undefined;
  secrets: string[];
}

function readUrl(url: string): Server {
  const hint = 'set TIDEMARK_DATABASE_URL to postgresql://USER:PASSWORD@HOST:PORT/DATABASE';
  if (!/^(postgres|postgresql|socket):\/\//.test(url)) {
    throw new TidemarkError('ToolFailed', 'the address of the catalog database is not a PostgreSQL URL', {
      hint,
    });
  }
  try {
    const { host, port, database, user, password } = parse(url);
    const place = host?.startsWith('/') ? host : `${host ?? 'localhost'}:${port ?? '5432'}`;
    return {
      shown: `${place}/${database ?? user ?? ''}`,
      user,
      secrets: password ? [password, encodeURIComponent(password)] : [],
    };
  } catch {
    // The parser's own error may hold the URL, and so the password: it is not passed on as a cause.
    throw new TidemarkError('ToolFailed', 'the address of the catalog database cannot be read', {
      hint: `${hint}, with special characters in it percent-encoded`,
    });
  }
}

function explainPostgres(error: unknown, server: Server): TidemarkError {
  const { code = '' } = error as { code?: string };
  const redact = (text: string) =>
    server.secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  return new TidemarkError('ToolFailed', `the catalog database ${server.shown} ${problemOf(code, server)}`, {
    toolMessage: redact(wordsOf(error)),
    hint: hintOf(code),
  });
}

/** A name with several addresses that all refuse gives one error with others in it, and no words of its own. */
function wordsOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: unknown[] };
  return message || errors?.map(wordsOf).join('\n') || String(error);
}

function problemOf(code: string, server: Server): string {
  if (code === '28P01' || code === '28000') return `refuses user ${server.user ?? '(none)'}`;
  if (code === '3D000') return 'does not exist';
  if (code === '42501') return `does not let user ${server.user ?? '(none)'} make or change tables`;
  if (/^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|ENOENT|57P0)/.test(code)) return 'cannot be reached';
  return 'does not answer as it should';
}

function hintOf(code: string): string {
  if (code === '28P01' || code === '28000') return 'check user and password in TIDEMARK_DATABASE_URL';
  if (code === '3D000') return 'make the database (createdb), or correct its name in TIDEMARK_DATABASE_URL';
  if (code === '42501')
    return 'make that user the owner of the database, or grant it CREATE on schema public';
  return 'check that PostgreSQL runs and that host and port in TIDEMARK_DATABASE_URL are right';
}
