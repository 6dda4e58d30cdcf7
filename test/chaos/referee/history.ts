/**
 * One random history of one relationship, and what the referee finds: after every sync, failover, reverse and
 * restore, each point and each side is compared with a description of what was frozen, kept aside by reading
 * every byte and every attribute. The comparison has nothing of the product's and nothing of rsync's.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { SyncAnswer } from '../../../src/api/messages';
import type { Failure, Point, SyncRecord } from '../../../src/model/records';
import type { FailoverResult, ReverseResult, VerifyResult } from '../../../src/api/messages';
import { describeTree } from '../../support/trees/compare-trees';
import { attempt, update } from '../../support/system/switching';
import type { TestSystem } from '../../support/system/system';
import { tell } from '../../support/tell';
import { approveAndSync, writeDocument } from '../../support/system/user';
import type { HostName } from '../crash/hosts';
import type { Trees } from '../crash/trees';
import { makeRandom } from '../world';
import { type Arena, copyTree, makeRestoreFolder, type Method, prepareVolume } from './arenas';
import { isExcluded } from './excluded';
import { Ledger, linesOf, pathOfLine } from './ledger';
import { Adversary } from './mutations';

const exec = promisify(execFile);

/** What retention leaves; so older points are compared again and again. */
const KEPT_POINTS = 4;
/** Of which nothing is compared: a folder of the source, with another filesystem's root on it. */
const MOUNT_POINT = 'mnt';
const EXCLUDES = [['f3'], ['/d1'], ['f1', '/d2/'], []];

/** Which share of the rounds does what before its sync. */
const SHARES = {
  mount: 0.15,
  inner: 0.6,
  scribble: 0.2,
  filter: 0.12,
  restore: 0.25,
  switchOver: 0.15,
  full: 0.15,
  crash: 0.15,
  verify: 0.25,
  method: 0.15,
};

/** A sync of these trees takes about so long: somewhere in it an agent is killed. */
const SYNC_MS = 1_500;

/** What is left on a full disk, at most: some syncs fit. */
const LEFT_BYTES = 400_000;
/** What a sync may say where the disk is full: that, or what it asks before it looks. */
const SAID_WHEN_FULL = ['TargetFull', 'ApprovalRequired', 'Diverged'];

export class History {
  private readonly by: Adversary;
  private readonly ledger = new Ledger();
  private exclude: string[] = [];
  private serial = 0;
  private primary: HostName = 'alpha';
  private method: Method | undefined;
  /** Folders of the source on which another filesystem is mounted. */
  private readonly mounted = new Set<string>();

  private constructor(
    private readonly system: TestSystem,
    private readonly arena: Arena,
    private readonly storage: Trees,
    private readonly name: string,
    seed: number,
  ) {
    this.by = new Adversary(makeRandom(seed));
    this.method = arena.target?.copyMethod;
  }

  /** Plays it; what was found, with what led to it, or nothing. */
  static async play(
    system: TestSystem,
    arena: Arena,
    { seed, rounds }: { seed: number; rounds: number },
  ): Promise<string | undefined> {
    const storage = await prepareVolume(arena);
    const name = `h${seed}-${arena.name.replaceAll(/[^a-z0-9]+/g, '-')}`;
    const history = new History(system, arena, storage, name, seed);
    try {
      await history.run(rounds);
    } catch (error) {
      history.ledger.findings.push(
        `it went no further: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    await system.retire(name).catch(() => undefined);
    await history.unmountInside();
    await storage.unmount();
    await storage.dispose();
    return history.ledger.report(`${arena.name}, seed ${seed}`);
  }

  /** Several, one after another; what was found in each of them, told at once. */
  static async playAll(
    system: TestSystem,
    arena: Arena,
    { firstSeed, histories, rounds }: { firstSeed: number; histories: number; rounds: number },
  ): Promise<string[]> {
    const findings: string[] = [];
    for (let number = 0; number < histories; number++) {
      const found = await History.play(system, arena, { seed: firstSeed + number, rounds });
      if (found === undefined) continue;
      findings.push(found);
      tell(found);
    }
    return findings;
  }

  private get other(): HostName {
    return this.primary === 'alpha' ? 'beta' : 'alpha';
  }

  private async run(rounds: number): Promise<void> {
    await this.by.fill(this.storage.folder('alpha'));
    await this.by.change(this.storage.folder('alpha'));
    this.ledger.told.push('a first sync');
    await this.applySpec();
    await this.awaitIdle();
    await this.syncAndCheck();
    for (let round = 1; round <= rounds && this.ledger.findings.length === 0; round++)
      await this.playRound(round);
  }

  private async playRound(round: number): Promise<void> {
    const { by, storage, arena } = this;
    const changes = by.chance(0.85) ? await by.change(storage.folder(this.primary)) : [];
    if (by.chance(SHARES.inner)) changes.push((await arena.changeInner?.(by, storage, this.primary)) ?? '');
    if (by.chance(SHARES.mount)) changes.push(await this.mountInside());
    this.ledger.told.push(`round ${round}: ${changes.join('; ') || 'no change'}`);
    if (by.chance(SHARES.scribble) && !arena.hasStates) {
      const there = await by.change(storage.folder(this.other), 4);
      this.ledger.told.push(`  at the replica: ${there.join('; ')}`);
    }
    if (by.chance(SHARES.filter) && arena.hasFilters) await this.changeFilter();
    if (by.chance(SHARES.method) && arena.methods) await this.changeMethod(arena.methods);
    if (by.chance(SHARES.full)) await this.syncOnFullDisk();
    if (by.chance(SHARES.crash)) await this.syncAndCrash();
    await this.syncAndCheck();
    if (by.chance(SHARES.verify)) await this.verifyAndCheck();
    if (by.chance(SHARES.restore)) await this.restoreAndCheck();
    if (by.chance(SHARES.switchOver)) await this.switchAndCheck();
  }

  /** Another filesystem in a folder of the primary: what is on it is not the volume's. */
  private async mountInside(): Promise<string> {
    const folder = join(this.storage.folder(this.primary), MOUNT_POINT);
    if (this.mounted.has(folder)) return 'something is mounted already';
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await exec('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
    this.mounted.add(folder);
    await writeFile(join(folder, 'f0'), 'on another filesystem');
    return `mount ${MOUNT_POINT}`;
  }

  private async unmountInside(): Promise<void> {
    for (const folder of this.mounted) {
      // A btrfs volume that was replaced, as an old primary is by a reverse, has taken it along.
      const isThere = await exec('mountpoint', ['-q', folder]).then(
        () => true,
        () => false,
      );
      if (isThere) await exec('umount', [folder]);
    }
    this.mounted.clear();
  }

  private async applySpec(): Promise<void> {
    const { arena, storage, exclude } = this;
    const rsync = { ...arena.mover?.rsync, ...(arena.hasFilters && { exclude }) };
    const [source, target] = ['alpha', 'beta'].map((host) => storage.endpoint(host));
    await this.system.apply(
      writeDocument(this.name, {
        source: { host: 'alpha', ...source, ...arena.source },
        targets: [{ host: 'beta', ...target, ...(this.method && { copyMethod: this.method }) }],
        retain: { last: KEPT_POINTS },
        ...(arena.hasFilters ? { mover: { rsync } } : arena.mover && { mover: arena.mover }),
      }),
    );
  }

  private async changeFilter(): Promise<void> {
    this.exclude = this.by.pick(EXCLUDES);
    this.ledger.told.push(`  exclude ${JSON.stringify(this.exclude)}`);
    await this.applySpec();
    await this.awaitIdle();
  }

  /** Older points stay what they were, however newer ones are kept. */
  private async changeMethod(methods: readonly Method[]): Promise<void> {
    this.method = this.by.pick(methods);
    this.ledger.told.push(`  points by ${this.method}`);
    await this.applySpec();
    await this.awaitIdle();
  }

  private async describe(folder: string, excluded = false): Promise<string[]> {
    await this.storage.settle();
    return await describeTree(folder, {
      leaveOut: (path, isFolder) =>
        path === MOUNT_POINT || (excluded && isExcluded(path, { isFolder, patterns: this.exclude })),
      ...(this.arena.withoutAttributes && { attributes: false }),
      ...(this.arena.withoutSubvolumeTimes && { subvolumeTimes: false }),
    });
  }

  private async awaitIdle(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const { operation, phase } = (await this.system.status(this.name)) as {
        operation?: object;
        phase?: string;
      };
      if (!operation && phase !== 'Syncing') return;
      await sleep(200);
    }
    throw new Error('its operation never ended');
  }

  private async syncAndCheck(): Promise<void> {
    const { storage, primary, other } = this;
    const frozen = await this.describe(storage.folder(primary), true);
    const before = await this.describe(storage.folder(other)).catch(() => undefined);
    const record = await this.sync(async () => {
      const now = await this.describe(storage.folder(other)).catch(() => undefined);
      if (before && now) this.ledger.check('a replica after a refusal', before, now);
    });
    const target = record?.targets.find(({ host }) => host === other);
    if (record?.result !== 'succeeded' || !target?.point) {
      const failure: Failure | undefined = target?.failure ?? record?.failure;
      this.ledger.findings.push(`the sync ended as ${record?.result}: ${JSON.stringify(failure)}`);
      return;
    }
    this.ledger.told.push(`  synced: ${target.how}, point ${target.point.id}`);
    this.ledger.frozen.set(`${other} ${target.point.id}`, frozen);
    this.ledger.check('the live replica', frozen, await this.describe(storage.folder(other)));
    await this.checkPoints();
  }

  /** Whatever becomes of the sync, no point suffers; the next one, with room again, has to succeed. */
  private async syncOnFullDisk(): Promise<void> {
    const { storage, by, primary, other } = this;
    const frozen = await this.describe(storage.folder(primary), true);
    await this.awaitIdle();
    const leaveBytes = by.below(LEFT_BYTES);
    await storage.fill(leaveBytes);
    const { result } = await update<SyncAnswer>(this.system, this.name, 'sync', { wait: true });
    const record = await this.newestRecord();
    const { failure = record?.failure, point } = record?.targets[0] ?? {};
    this.ledger.told.push(`  with ${leaveBytes} bytes left: ${result} ${failure?.message ?? ''}`);
    if (result === 'succeeded' && point) this.ledger.frozen.set(`${other} ${point.id}`, frozen);
    else if (!SAID_WHEN_FULL.includes(failure?.type ?? ''))
      this.ledger.findings.push(`a full disk was told as ${JSON.stringify(failure)}`);
    await this.checkPoints();
    await storage.drain();
  }

  /** An agent is killed while it syncs, and comes back: no point suffers, whatever becomes of the sync. */
  private async syncAndCrash(): Promise<void> {
    const { system, by, primary, other } = this;
    const frozen = await this.describe(this.storage.folder(primary), true);
    await this.awaitIdle();
    const [host, afterMs] = [by.pick([primary, other]), by.below(SYNC_MS)];
    await update(system, this.name, 'sync', {});
    await sleep(afterMs);
    await system.kill(`agent:${host}`);
    system.launch(`agent:${host}`);
    await this.awaitIdle();
    const record = await this.newestRecord();
    this.ledger.told.push(`  ${host} crashed after ${afterMs} ms of a sync: ${record?.result}`);
    const point = record?.targets.find((target) => target.host === other)?.point;
    if (point && !this.ledger.frozen.has(`${other} ${point.id}`))
      this.ledger.frozen.set(`${other} ${point.id}`, frozen);
    await this.checkPoints();
  }

  /** The newest point is its source, and says so; what the source changes then is told apart from damage. */
  private async verifyAndCheck(): Promise<void> {
    const { system, name, by, storage } = this;
    for (const what of ['at once', 'after changes at the source']) {
      const { result, failure } = await attempt<VerifyResult>(system, name, 'verify', {});
      this.ledger.told.push(`  verified ${what}: ${failure ?? result?.totalDifferences}`);
      const isRight = result?.equal === true && (what !== 'at once' || result.totalDifferences === 0);
      if (!isRight) this.ledger.findings.push(`verify ${what}: ${failure ?? JSON.stringify(result)}`);
      if (what === 'at once')
        this.ledger.told.push(`  then ${(await by.change(storage.folder(this.primary), 4)).join('; ')}`);
    }
  }

  private async sync(onRefusal: () => Promise<void>) {
    await this.awaitIdle();
    const answer = await update<SyncAnswer>(this.system, this.name, 'sync', { wait: true });
    if (answer.result === 'succeeded') return await this.newestRecord();
    const record = await this.newestRecord();
    const failure = record?.targets[0]?.failure ?? record?.failure;
    if (failure?.type !== 'ApprovalRequired' && failure?.type !== 'Diverged') return record;
    this.ledger.told.push(`  refused: ${failure.message}`);
    await onRefusal();
    return await approveAndSync(this.system, this.name);
  }

  private async newestRecord() {
    const client = await this.system.client();
    const records = await client.workflow
      .getHandle(`relationship/${this.name}`)
      .query<SyncRecord[]>('history');
    return records[0];
  }

  /** Every point that is there, on either side, against what was frozen for it. */
  private async checkPoints(): Promise<void> {
    for (const host of ['alpha', 'beta'] as const) {
      for (const [id, folder] of await this.storage
        .pointPaths(host, this.name)
        .catch(() => new Map<string, string>())) {
        const expected = this.ledger.frozen.get(`${host} ${id}`);
        if (expected && this.arena.target?.copyMethod !== 'Direct')
          this.ledger.check(`point ${id} of ${host}`, expected, await this.describe(folder));
      }
    }
  }

  /** A point, into an empty folder or over one that was written to. */
  private async restoreAndCheck(): Promise<void> {
    const { storage, by, other, system, name } = this;
    const paths = [...(await storage.pointPaths(other, name))].filter(([id]) =>
      this.ledger.frozen.has(`${other} ${id}`),
    );
    const [pointId, path] = by.pick(paths);
    const folder = await makeRestoreFolder(storage, this.serial++);
    const overwrite = by.chance(0.6);
    if (overwrite) {
      await copyTree(path, folder);
      await rm(join(folder, '.tidemark'), { recursive: true, force: true });
      this.ledger.told.push(`  where it is restored: ${(await by.change(folder)).join('; ')}`);
    }
    const expected = this.ledger.frozen.get(`${other} ${pointId}`) ?? [];
    const only = !overwrite && by.chance(0.5) ? by.pick(expected.slice(1).map(pathOfLine)) : undefined;
    this.ledger.told.push(`  restore ${only ?? 'all'} of ${pointId}${overwrite ? ' over it' : ''}`);
    const { failure } = await attempt(system, name, 'restore', {
      ...{ pointId, to: { host: 'beta', path: folder } },
      ...(overwrite && { overwrite }),
      ...(only !== undefined && { path: only }),
    });
    if (failure !== undefined) this.ledger.findings.push(`the restore failed: ${failure}`);
    else {
      const [wanted, found] = [expected, await this.describe(folder)].map((lines) => linesOf(lines, only));
      this.ledger.check(`restored ${pointId}`, wanted ?? [], found ?? []);
    }
    await rm(folder, { recursive: true, force: true });
  }

  /** The target takes over, both sides may be written to, and the old primary comes back as a target. */
  private async switchAndCheck(): Promise<void> {
    const { storage, system, name, by } = this;
    const [from, to] = [this.primary, this.other];
    // A replica in which something is mounted is not what was sent: such a sync is refused, or fails.
    await this.unmountInside();
    await by.change(storage.folder(from));
    if (!this.arena.hasStates && by.chance(0.5))
      this.ledger.told.push(
        `  before the failover, at the replica: ${(await by.change(storage.folder(to), 3)).join('; ')}`,
      );
    const newest = [...(await storage.pointPaths(to, name)).keys()].at(-1) ?? '';
    const isDirect = this.arena.target?.copyMethod === 'Direct';
    this.ledger.told.push(`  failover to ${to}, which goes back to ${newest}`);
    const { failure } = await attempt<FailoverResult>(system, name, 'failover', {});
    if (failure !== undefined) return void this.ledger.findings.push(`the failover failed: ${failure}`);
    if (!isDirect)
      this.ledger.check(
        'the new primary',
        this.ledger.frozen.get(`${to} ${newest}`) ?? [],
        await this.describe(storage.folder(to)),
      );
    this.primary = to;
    this.ledger.told.push(`  then at ${to}: ${(await by.change(storage.folder(to))).join('; ')}`);
    // Kept whole, with what is excluded from copies.
    const own = await this.describe(storage.folder(from));
    const frozen = await this.describe(storage.folder(to), true);
    const reversed = await attempt<ReverseResult>(system, name, 'reverse', { acceptDiverged: true });
    if (reversed.failure !== undefined)
      return void this.ledger.findings.push(`the reverse failed: ${reversed.failure}`);
    const { record, diverged } = reversed.result ?? {};
    const point: Point | undefined = record?.targets.find(({ host }) => host === from)?.point;
    if (diverged) this.ledger.frozen.set(`${from} ${diverged.id}`, own);
    if (point) this.ledger.frozen.set(`${from} ${point.id}`, frozen);
    if (record?.result !== 'succeeded')
      return void this.ledger.findings.push(`the sync of the reverse: ${JSON.stringify(record)}`);
    this.ledger.check('the old primary', frozen, await this.describe(storage.folder(from)));
    await this.checkPoints();
  }
}
