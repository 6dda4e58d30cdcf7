/** One relationship of a running system: asked for syncs, waited for, and accounted for byte by byte. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SyncEntry } from '../../src/catalog/contract';
import type { ErrorType } from '../../src/model/errors';
import { makeRelationshipId } from '../../src/model/names';
import type { RelationshipStatus } from '../../src/model/status';
import type { RelationshipSummary } from '../../src/model/summary';
import { untilStatus } from '../support/system/switching';
import { eventually, type TestSystem } from '../support/system/system';
import { describeTree, diffTrees, digestTree } from './world';

export const MIB = 1024 ** 2;

/** The folder of Tidemark's own files about a target: inside of it, or beside it. */
export function metaOf(target: string): string {
  const inside = join(target, '.tidemark');
  return existsSync(join(inside, 'state.json'))
    ? inside
    : join(dirname(target), '.tidemark', basename(target));
}

/** The folders of a volume's recovery points of one relationship, by id, oldest first. */
export async function pointFolders(volume: string, relationship: string): Promise<Map<string, string>> {
  const meta = join(metaOf(volume), relationship);
  const found = new Map<string, string>();
  const names = await readdir(join(meta, 'points')).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const { tree } = JSON.parse(await readFile(join(meta, 'points', name), 'utf8')) as { tree: string };
    found.set(name.replace(/\.json$/, ''), join(meta, 'trees', tree));
  }
  return found;
}

export class Watched {
  /** Digest of every recovery point when it was first seen. */
  private readonly digests = new Map<string, string>();

  constructor(
    private readonly system: TestSystem,
    readonly name: string,
    readonly source: string,
    readonly target: string,
  ) {}

  status(): Promise<RelationshipStatus> {
    return this.system.status(this.name);
  }

  /** Asks for a sync, for as long as it takes to be heard. Returns the number of the last one before. */
  async requestSync(): Promise<number> {
    const { sequence } = await eventually('the status is answered', () => this.status());
    const client = await this.system.client();
    await client.workflow.getHandle(makeRelationshipId(this.name)).signal('sync');
    return sequence;
  }

  /** Waits until the status says what is waited for. */
  until(
    what: string,
    holds: (status: RelationshipStatus) => boolean,
    timeoutMs?: number,
  ): Promise<RelationshipStatus> {
    return untilStatus(this.system, this.name, what, holds, timeoutMs);
  }

  /** Waits for a sync that began after this one, and succeeded. */
  untilSucceeded(after: number, timeoutMs = 120_000): Promise<RelationshipStatus> {
    return this.until(
      `a sync of ${this.name} after number ${after} has succeeded`,
      ({ sequence, operation, lastSync }) =>
        sequence > after && !operation && lastSync?.result === 'succeeded',
      timeoutMs,
    );
  }

  /** Waits until a target's last error is of this type. */
  untilFailed(type: ErrorType, target = 0, timeoutMs = 90_000): Promise<RelationshipStatus> {
    const holds = ({ targets }: RelationshipStatus) => targets[target]?.lastError?.type === type;
    return this.until(`a sync of ${this.name} fails with ${type}`, holds, timeoutMs);
  }

  /** Waits until bytes are being written at the target. */
  async untilTransferring(leastBytes = 1): Promise<void> {
    await eventually(
      'the transfer is under way',
      async () => {
        const client = await this.system.client();
        const { operation } = await this.status();
        if (operation?.kind !== 'sync') return undefined;
        const { raw } = await client.workflow.getHandle(operation.workflowId).describe();
        const progress = raw.pendingActivities?.flatMap(({ heartbeatDetails }) =>
          (heartbeatDetails?.payloads ?? []).map(
            ({ data }) => JSON.parse(Buffer.from(data ?? []).toString() || 'null') as { bytesDone?: number },
          ),
        );
        return progress?.some((each) => (each?.bytesDone ?? 0) >= leastBytes) ? true : undefined;
      },
      60_000,
    );
  }

  /** What `tidemark get NAME -o json` answers. */
  get(): Promise<RelationshipSummary> {
    return this.system.json<RelationshipSummary>('get', this.name);
  }

  /** What `tidemark describe NAME` shows a person. */
  async describe(): Promise<string> {
    return (await this.system.cli(['describe', this.name])).stdout;
  }

  /** Newest first. */
  history(): Promise<SyncEntry[]> {
    return this.system.history(this.name);
  }

  /** Error types that history knows of, each once. */
  async errorTypes(): Promise<string[]> {
    const entries = await this.history();
    return [
      ...new Set(entries.flatMap(({ targets }) => targets.flatMap(({ errorType }) => errorType ?? []))),
    ];
  }

  /** The folders of the recovery points, by id, oldest first. */
  points(): Promise<Map<string, string>> {
    return pointFolders(this.target, this.name);
  }

  /** No recovery point has changed since it was first seen here. */
  async expectPointsIntact(): Promise<void> {
    for (const [id, folder] of await this.points()) {
      const digest = await digestTree(folder);
      expect(`${id} ${digest}`).toBe(`${id} ${this.digests.get(id) ?? digest}`);
      this.digests.set(id, digest);
    }
  }

  /** The newest recovery point and the replica equal the source, and no older point has changed. */
  async expectCurrent(status: RelationshipStatus, target = 0): Promise<void> {
    const newest = status.targets[target]?.recoveryPoint ?? 'none';
    const expected = await describeTree(this.source);
    const point = await describeTree((await this.points()).get(newest) ?? `no point ${newest}`);
    expect(diffTrees(expected, point)).toEqual([]);
    expect(diffTrees(expected, await describeTree(this.target))).toEqual([]);
    await this.expectPointsIntact();
  }
}
