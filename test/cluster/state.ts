/** Which clusters there are on this machine: a folder each, named by its number. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startTimeOf } from '../../src/client/up-state';
import { INDEXES, isNetworkUsed } from './network';
import { CLUSTERS, ROOT } from './paths';

/** `cluster.json` in a cluster's folder. */
export interface ClusterRecord {
  name: string;
  /** In its addresses, and the names of its link and cgroups. */
  index: number;
  nodes: number;
  /** Names its volumes' files on the whole machine. */
  token: string;
  /** The checkout that it was made by. */
  checkout: string;
  /** The process that it ends with; none where it lasts. */
  owner?: { pid: number; startTime: string };
  startedAt: string;
}

const FILE = 'cluster.json';

export function folderOf(index: number): string {
  return join(CLUSTERS, String(index));
}

async function read(index: number): Promise<ClusterRecord | undefined> {
  const text = await readFile(join(folderOf(index), FILE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

/** All clusters that were not taken down, by number, whether they run or not. */
export async function listRecords(): Promise<ClusterRecord[]> {
  const names = await readdir(CLUSTERS).catch(() => []);
  const indexes = names.map(Number).filter((index) => INDEXES.includes(index));
  const records = await Promise.all(indexes.sort((one, other) => one - other).map(read));
  return records.filter((record) => record !== undefined);
}

/** Whether the process that a cluster was to end with has ended: a test that was killed. */
export function isOrphaned({ owner }: ClusterRecord): boolean {
  return owner !== undefined && startTimeOf(owner.pid) !== owner.startTime;
}

/**
 * Takes the first free number. The folder appears with the record in it, and a rename onto one that holds anything
 * fails: so no two get the same.
 * @param isOurs it ends with this process
 */
export async function claimRecord(name: string, nodes: number, isOurs: boolean): Promise<ClusterRecord> {
  await mkdir(CLUSTERS, { recursive: true });
  const records = await listRecords();
  const same = records.find((record) => record.name === name);
  if (same) {
    const hint = `take it down (\`npm run cluster -- down ${name}\`), or name another`;
    throw new Error(`there is a cluster ${name} already, made by ${same.checkout}: ${hint}`);
  }
  const work = await mkdtemp(join(CLUSTERS, '.new-'));
  for (const index of INDEXES.filter((each) => !isNetworkUsed(each))) {
    const record: ClusterRecord = {
      name,
      index,
      nodes,
      checkout: ROOT,
      token: `tidemark-${index}-${randomBytes(4).toString('hex')}`,
      ...(isOurs && { owner: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' } }),
      startedAt: new Date().toISOString(),
    };
    await writeFile(join(work, FILE), JSON.stringify(record));
    try {
      await rename(work, folderOf(index));
      return record;
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  await rm(work, { recursive: true });
  throw new Error(`no network of 198.18.0.0/16 is free: ${records.length} clusters are there`);
}
