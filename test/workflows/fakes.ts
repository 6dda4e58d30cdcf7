/**
 * In-memory hosts and a control worker behind the real workflows on a real Temporal server: for what
 * the workflows decide. What hosts do for real is shown by the tests with real processes.
 */
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { HostActivities, StepContext } from '../../src/activities/contract';
import type { WantedSchedule } from '../../src/activities/control/contract';
import type { AgentEntry } from '../../src/catalog/contract';
import type { ErrorType } from '../../src/model/errors';
import { CONTROL_QUEUE, makeHostQueue, makePointId } from '../../src/model/names';
import type { Claim, Comparison, HeldState, Point, SyncRecord } from '../../src/model/records';
import type { StreamHow } from '../../src/model/plan-stream';
import type { Opened } from '../../src/movers/contract';
import type { RetainSpec } from '../../src/model/spec';
import type { WorkflowBundle } from '../../src/workers/bundle';
import { registerSearchAttributes } from '../../src/workers/search-attributes';
import type { ToldState } from '../../src/model/told-state';
import { reservePorts } from '../support/hosts/ports';
import { makeFakeControl } from './fake-control';
import { findTemporal } from '../support/system/temporal-server';
import { loadTestBundle } from '../support/system/workflow-bundle';

/** A host in memory: records what it was asked, keeps points, fails where it is told to. */
export class FakeHost {
  readonly calls: string[] = [];
  readonly points: Point[] = [];
  /** Fails the next call of a step, then works again. */
  failNext: Partial<Record<keyof HostActivities, ErrorType>> = {};
  /** Which attempt of a step it is that fails; those before it were lost. */
  failedAttempt = 1;
  empty = false;
  foreign = false;
  freeBytes = 1e12;
  /** Bytes that retention would free. */
  roomToMake = 0;
  /** The storage names states by identity, as ZFS and btrfs do; what it holds of them, oldest first. */
  keepsStates = false;
  states: HeldState[] = [];
  /** What its storage has of a stream that was cut off. */
  goesBy?: StreamHow;
  /** How far its transfer had come that did not end. */
  reachedBytes?: number;
  /** Held transfers wait for `letGo`. */
  hold = false;
  /** What comparing this host's volume with a recovery point finds. */
  comparison: Comparison = { differences: [], total: 0, unexplained: 0, bytes: 0 };
  /** A transfer into the only copy was cut off. */
  broken = false;
  /** Its newest state is its only copy. */
  keepsOne = false;
  /** What it says of that after a transfer that did not end well. */
  torn?: boolean;
  canBeReadOnly = true;
  /** Every claim that a change of the primary stored here, in order. */
  readonly claims: Claim[] = [];
  readonly hooksRun: string[] = [];
  /** By which rules each publish was told to prune. */
  readonly retains: RetainSpec[] = [];
  rolledBackTo?: string | undefined;
  /** Copies that drills have made and nobody has removed. */
  readonly clones = new Set<string>();
  /** What a test does around each step: see it, hold it, have it fail. */
  around: (step: string, act: () => Promise<unknown>) => Promise<unknown> = (_step, act) => act();
  /** The claim that each volume holds. */
  private readonly held = new Map<string, Claim & { demoted?: true }>();
  private waiting: (() => void)[] = [];

  constructor(readonly name: string) {}

  letGo(): void {
    this.hold = false;
    this.waiting.splice(0).forEach((go) => go());
  }

  /** The claim of its only volume. */
  get claim(): Claim | undefined {
    return [...this.held.values()][0];
  }

  /** A volume takes a claim, or refuses one that is over, as real ones do. */
  private take({ volume, claim }: Pick<StepContext, 'volume' | 'claim'>, how?: 'promotes' | 'demotes'): void {
    const held = this.held.get(volume.path);
    const isOver = held && claim.epoch < held.epoch;
    const isPromoted = how === 'promotes' && !held?.demoted;
    if (held && (isOver || (claim.epoch === held.epoch && claim.role !== held.role && !isPromoted))) {
      const message = `epoch ${claim.epoch} as ${claim.role}: it is the ${held.role} of epoch ${held.epoch}`;
      throw ApplicationFailure.nonRetryable(message, 'Fenced', { host: this.name });
    }
    this.held.set(volume.path, { ...claim, ...(how === 'demotes' && { demoted: true }) });
  }

  private note(step: keyof HostActivities): void {
    this.calls.push(step);
    const type = this.failNext[step];
    if (!type) return;
    delete this.failNext[step];
    throw ApplicationFailure.create({
      type,
      message: `${step} failed`,
      nonRetryable: true,
      details: [{ host: this.name }, { attempt: this.failedAttempt }],
    });
  }

  private addState(syncId: string, identity: string): void {
    const name = `tank@${syncId}`;
    const common = { kind: 'snapshot' as const, createdAt: '2026-11-21T10:00:00Z', ours: true, bytes: 100 };
    this.states = [...this.states, { ...common, identity, name, syncId }];
  }

  activities(): Partial<HostActivities> {
    const landing = { id: 'l', address: '127.0.0.1', port: 1, user: 'root', hostKeys: [], expiresAt: '' };
    const opened: Opened = { door: { how: 'ssh', landing }, told: {} };
    const note = (step: keyof HostActivities) => this.note(step);
    return {
      ping: async () => note('ping'),
      inspectEndpoint: async () => {
        note('inspectEndpoint');
        const inspection = {
          ...{ exists: true, filesystem: 'btrfs', mountPoint: '/', freeBytes: 1, empty: this.empty },
          ...{ hasHardLinks: false, capture: [], points: [], whyNot: {} },
        };
        return { inspection, problems: [], warnings: [] };
      },
      prepareSource: async ({ targets, source, syncId, ...step }) => {
        note('prepareSource');
        this.take(step);
        const offer = { publicKey: '', told: {} };
        return {
          ...{ bytes: 1000, fileBytes: 1000 },
          empty: this.empty,
          captureNeeded: this.keepsStates || source.copyMethod !== 'Direct',
          liveCapture: { syncId, method: 'Direct', path: '/', live: true },
          offers: Object.fromEntries(targets.map(({ name }) => [name, offer])),
          warnings: [],
          ...(this.keepsStates && { states: this.states }),
        };
      },
      prepareTarget: async (step) => {
        note('prepareTarget');
        this.take(step);
        const newestPoint = this.points.at(-1);
        return {
          ...{
            method: this.keepsOne ? 'Direct' : 'Snapshot',
            hasHardLinks: false,
            freeBytes: this.freeBytes,
            bytes: 0,
            pointBytes: 0,
          },
          ...{ files: newestPoint?.files ?? 0, foreign: this.foreign, resuming: false },
          ...(newestPoint && { newestPoint }),
          ...(this.keepsStates && { states: this.states, exists: this.states.length > 0 }),
        };
      },
      capture: async ({ syncId }) => {
        note('capture');
        const capture = { syncId, method: 'Snapshot', path: '/snapshot', live: false } as const;
        if (!this.keepsStates) return capture;
        const identity = `guid-${syncId}`;
        this.addState(syncId, identity);
        return { ...capture, identity };
      },
      receive: async () => {
        note('receive');
        const { goesBy } = this;
        return { ...opened, ...(goesBy && { goesBy }) };
      },
      transfer: async ({ releaseAfter }) => {
        note('transfer');
        if (this.hold) await new Promise<void>((go) => this.waiting.push(go));
        if (releaseAfter) note('release');
        const counts = {
          bytesSent: 10,
          bytesChanged: 10,
          filesChanged: 1,
          filesDeleted: 0,
          filesVanished: 0,
        };
        return { stats: { ...counts, totalBytes: 1000, totalFiles: 5, durationMs: 1 }, attempt: 1 };
      },
      publish: async ({ capturedAt, sequence, syncId, stats, identity, retain }) => {
        note('publish');
        this.retains.push(retain);
        if (identity !== undefined) this.addState(syncId, identity);
        const point: Point = {
          ...{ id: makePointId(capturedAt, sequence), syncId, sequence, capturedAt, publishedAt: capturedAt },
          ...{
            method: 'Snapshot',
            identity: String(sequence),
            bytes: stats.totalBytes,
            files: stats.totalFiles,
          },
        };
        this.points.push(point);
        return { point, points: this.points.map((each) => ({ ...each, keptBecause: ['newest'] })) };
      },
      release: async ({ keepSyncIds }) => {
        note('release');
        this.states = this.states.filter(({ syncId = '' }) => keepSyncIds.includes(syncId));
      },
      makeRoom: async () => {
        note('makeRoom');
        this.freeBytes += this.roomToMake;
        return { removed: this.roomToMake > 0 ? 1 : 0 };
      },
      closeTransfer: async ({ target }) => {
        note('closeTransfer');
        const { reachedBytes, torn } = this;
        return {
          ...(reachedBytes !== undefined && { reachedBytes }),
          ...(target && torn !== undefined && { torn }),
        };
      },
      measureShortage: async () => ({ freeBytes: 1024, missingBytes: 2048 }),
      settleSource: async () => note('settleSource'),
      retireEndpoint: async () => note('retireEndpoint'),
      offerVerify: async () => {
        note('offerVerify');
        return { publicKey: '', told: {} };
      },
      receiveVerify: async ({ pointId }) => {
        note('receiveVerify');
        const point = this.points.find(({ id }) => id === pointId) ?? this.points.at(-1);
        if (!point) throw ApplicationFailure.nonRetryable('there is no recovery point', 'PointMissing');
        return { opened, point };
      },
      verify: async () => {
        note('verify');
        return this.comparison;
      },
      markVerified: async () => note('markVerified'),
      listPoints: async () => {
        note('listPoints');
        return { points: this.points, broken: this.broken };
      },
      listPoint: async () => {
        note('listPoint');
        return { point: { id: 'point-1', capturedAt: '2026-11-21T08:00:00.000Z' }, entries: [], more: 0 };
      },
      findInPoints: async () => {
        note('findInPoints');
        return { points: [], unread: 0, versions: [], isCut: false };
      },
      diffPoints: () => Promise.reject(new Error('not asked for here')),
      listOthers: async () => {
        note('listOthers');
        return { states: [], total: 7, older: 7 };
      },
      runHooks: async ({ hooks, path }) => {
        note('runHooks');
        this.hooksRun.push(...hooks.map(({ run }) => `${run?.[0] ?? ''}${path ? ` on ${path}` : ''}`));
      },
      fence: async (step) => {
        note('fence');
        this.take(step, 'demotes');
        this.claims.push(step.claim);
        return { readOnly: this.canBeReadOnly, ...(!this.canBeReadOnly && { whyNot: 'a plain directory' }) };
      },
      rollback: async ({ pointId, ...step }) => {
        note('rollback');
        this.take(step);
        this.claims.push(step.claim);
        this.rolledBackTo = pointId;
      },
      promote: async (step) => {
        note('promote');
        this.take(step, 'promotes');
        this.claims.push(step.claim);
      },
      keepDiverged: async ({ capturedAt, sequence, syncId }) => {
        note('keepDiverged');
        const point: Point = {
          ...{ id: `${makePointId(capturedAt, sequence)}-diverged`, syncId, sequence, capturedAt },
          ...{
            publishedAt: capturedAt,
            method: 'Snapshot',
            identity: 'own',
            bytes: 1,
            files: 1,
            diverged: true,
          },
        };
        this.points.push(point);
        return point;
      },
      makeClone: async ({ pointId, cloneId }) => {
        note('makeClone');
        this.clones.add(cloneId);
        return { path: '/clone', how: 'Snapshot', pointId: pointId ?? this.points.at(-1)?.id ?? '' };
      },
      removeClones: async () => {
        note('removeClones');
        this.clones.clear();
      },
    };
  }
}

/** A Temporal server, a control worker that remembers, and fake hosts. */
export class FakeWorld {
  readonly records: SyncRecord[] = [];
  /** What agents have told. */
  readonly agents: AgentEntry[] = [];
  readonly schedules: WantedSchedule[] = [];
  /** What relationships have told of themselves, in order. */
  readonly told: ToldState[] = [];
  private readonly workers = new Map<string, { worker: Worker; running: Promise<void> }>();

  private constructor(
    readonly env: TestWorkflowEnvironment,
    private readonly bundle: WorkflowBundle,
  ) {}

  /** @param extraArgs for the server, for example a smaller limit on histories. */
  static async start(extraArgs: string[] = []): Promise<FakeWorld> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const [port = 0] = await reservePorts(1);
    const env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: findTemporal() }, port, extraArgs },
    });
    await registerSearchAttributes(env.nativeConnection, 'default');
    const world = new FakeWorld(env, await loadTestBundle());
    await world.startControl();
    return world;
  }

  async startHost(host: FakeHost): Promise<void> {
    await this.run(
      host.name,
      await Worker.create({
        connection: this.env.nativeConnection,
        taskQueue: makeHostQueue(host.name),
        activities: host.activities(),
        // A step that is cancelled, or lost with its worker, is noticed soon.
        maxHeartbeatThrottleInterval: '200ms',
        interceptors: {
          activity: [
            ({ info }) => ({
              inbound: { execute: (input, next) => host.around(info.activityType, () => next(input)) },
            }),
          ],
        },
      }),
    );
  }

  async stopHost(name: string): Promise<void> {
    const found = this.workers.get(name);
    this.workers.delete(name);
    found?.worker.shutdown();
    await found?.running;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers.keys()].map((name) => this.stopHost(name)));
    await this.env.teardown();
  }

  private async startControl(): Promise<void> {
    const { client } = this.env;
    const control = makeFakeControl(client, this.agents, this.records, this.schedules);
    await this.run(
      'control',
      await Worker.create({
        connection: this.env.nativeConnection,
        taskQueue: CONTROL_QUEUE,
        workflowBundle: this.bundle,
        activities: control,
        sinks: { states: { tell: { fn: (_info, state: ToldState) => void this.told.push(state) } } },
      }),
    );
  }

  private async run(name: string, worker: Worker): Promise<void> {
    this.workers.set(name, { worker, running: worker.run() });
    await Promise.resolve();
  }
}
