import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { BLANK } from '../../src/catalog/blank';
import { openEmbedded } from '../../src/catalog/embedded';
import { openCatalog } from '../../src/catalog/open';
import { makeSqlCatalog } from '../../src/catalog/sql-catalog';
import { makeDocument, makeSync } from '../support/model/records';
import { sample } from '../support/sample';

/** After how many acknowledgements a process is killed, round by round. */
const ROUNDS = sample(
  Array.from({ length: 20 }, (_, round) => 1 + ((round * 7) % 23)),
  6,
);
const support = join(__dirname, '..', 'support');
/** The Node that runs these tests: the children are to be the same. */
const node = process.execPath;

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-catalog-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function startRecorder(dataDir: string, first: number) {
  const argv = [
    // These processes live for a moment: no second, better translation of the database's WASM.
    '--liftoff-only',
    '--require',
    join(support, 'run-typescript.cjs'),
    join(support, 'programs', 'record-syncs.ts'),
  ];
  const child = spawn(node, [...argv, dataDir, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, lines: createInterface(child.stdout), errors: () => errors };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Kills a recorder in the middle of what follows its n-th acknowledgement; answers the last one. */
async function recordAndKill(dataDir: string, first: number, acknowledgements: number): Promise<number> {
  const { child, lines, errors } = startRecorder(dataDir, first);
  let last = first - 1;
  let count = 0;
  for await (const line of lines) {
    last = Number(line);
    // Not awaited: what was acknowledged before the end of the process still comes.
    if (++count === acknowledgements) child.kill('SIGKILL');
  }
  if (count < acknowledgements) throw new Error(`the recorder ended by itself: ${errors()}`);
  return last;
}

test('holds every sync that it acknowledged, whole, after its process was killed at any moment', async () => {
  let recorded = 0;
  for (const acknowledgements of ROUNDS)
    recorded = await recordAndKill(folder, recorded + 1, acknowledgements);
  const catalog = await openCatalog({ dataDir: folder });
  const history = await catalog.history('wiki', { limit: 100_000 });
  const sequences = history.map(({ sequence }) => sequence);
  // One more than was acknowledged may be there: killed after the commit, before the word about it.
  expect(sequences.length - recorded).toBeLessThanOrEqual(1);
  expect(sequences).toEqual(sequences.map((_, index) => sequences.length - index));
  expect(history.every(({ targets }) => targets.length === 1)).toBe(true);
  expect((await catalog.points('wiki')).map(({ syncId }) => syncId)).toEqual(
    history.slice(0, 2).map(({ syncId }) => syncId),
  );
  await catalog.recordRelationship(makeDocument('wiki'));
  expect((await catalog.totals()).syncs[0]?.syncs).toBe(sequences.length);
  await catalog.close();
}, 300_000);

test('begins again where the very first start was cut short at any moment', async () => {
  for (const delay of [100, 400, 800, 1200, 1600]) {
    const { child } = startRecorder(folder, 1);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await kill(child);
  }
  const catalog = await openCatalog({ dataDir: folder });
  await catalog.recordSync(makeSync('other', 1));
  expect(await catalog.history('other', { limit: 5 })).toHaveLength(1);
  await catalog.close();
}, 120_000);

test('refuses a second process and names the first, until that one is gone', async () => {
  const { child, lines } = startRecorder(folder, 1);
  await once(lines, 'line');
  await expect(openCatalog({ dataDir: folder })).rejects.toMatchObject({
    type: 'VolumeBusy',
    message: expect.stringContaining(`in use by process ${child.pid}`) as string,
  });
  await kill(child);
  const catalog = await openCatalog({ dataDir: folder });
  await catalog.close();
}, 120_000);

test('refuses to be opened twice in one process, and can be opened again once closed', async () => {
  const catalog = await openCatalog({ dataDir: folder });
  await expect(openCatalog({ dataDir: folder })).rejects.toMatchObject({ type: 'VolumeBusy' });
  await catalog.recordSync(makeSync('wiki', 1));
  await catalog.close();
  const again = await openCatalog({ dataDir: folder });
  expect(await again.history('wiki', { limit: 5 })).toHaveLength(1);
  await again.close();
});

test('says what to do where its files are damaged, and lets go of the folder', async () => {
  const catalog = await openCatalog({ dataDir: folder });
  await catalog.close();
  const log = join(folder, 'postgres', 'pg_wal');
  for (const name of (await readdir(log)).filter((entry) => /^[0-9A-F]{24}$/.test(entry)))
    await truncate(join(log, name), 0);
  const refused = await openCatalog({ dataDir: folder }).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    type: 'ToolFailed',
    message: expect.stringContaining('cannot be opened') as string,
    details: { hint: expect.stringContaining(`move ${join(folder, 'postgres')} away`) as string },
  });
  await rm(join(folder, 'postgres'), { recursive: true });
  const anew = await openCatalog({ dataDir: folder });
  await anew.close();
});

test('leaves other files of its folder alone', async () => {
  await mkdir(join(folder, 'keep'));
  await writeFile(join(folder, 'keep', 'file'), 'mine');
  const catalog = await openCatalog({ dataDir: folder });
  await catalog.close();
  expect(await readdir(join(folder, 'keep'))).toEqual(['file']);
});

test('cuts its log while many write at once, and loses nothing', async () => {
  const database = await openEmbedded(folder, { writesPerLook: 5, logLimitBytes: 1 });
  const catalog = makeSqlCatalog(database);
  const redo = () =>
    sql<{ lsn: string }>`select redo_lsn::text as lsn from pg_control_checkpoint()`.execute(database.db);
  const before = await redo();
  await Promise.all(Array.from({ length: 40 }, (_, n) => catalog.recordSync(makeSync('wiki', n + 1))));
  expect((await redo()).rows).not.toEqual(before.rows);
  expect(await catalog.history('wiki', { limit: 100 })).toHaveLength(40);
  await catalog.close();
});

test('a blank one may be read by whoever runs it, and written by who built it alone', async () => {
  const entries = await readdir(BLANK, { recursive: true });
  expect(entries.length).toBeGreaterThan(100);
  const modes = await Promise.all(
    ['.', ...entries].map(async (entry) => (await stat(join(BLANK, entry))).mode & 0o777),
  );
  expect(new Set(modes)).toEqual(new Set([0o755, 0o644]));
});
