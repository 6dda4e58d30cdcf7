/**
 * The spec of a relationship, as users write it. The schema is the single source of types, of
 * validation, of the published JSON Schema and of `docs/spec.md`.
 *
 * Durations and sizes stay the strings that the user wrote; `units.ts` turns them into numbers.
 */
import { z } from 'zod';
import { KINDS, VOLUME_KINDS, VOLUME_OPTIONS, type VolumeKind, type VolumeOptions } from './kinds';
import { defaultMover, MoverSchema } from './movers/schema';
import { LABEL_VALUE, WRONG_VALUE } from './labels';
import { AT_SOURCE } from './names';
import { duration, name, percentage, positiveDuration, size, values } from './spec-values';

export { AT_SOURCE, defaultMover, MoverSchema };
export type { BtrfsSpec, ImageSpec, MoverKind, MoverSpec, RsyncSpec, ZfsSpec } from './movers';

type VolumeKeys = { [Kind in VolumeKind]: z.ZodOptional<ReturnType<(typeof KINDS)[Kind]['endpoint']>> };

const volumeKeys = Object.fromEntries(
  VOLUME_KINDS.map((kind) => [kind, KINDS[kind].endpoint(values).optional()]),
) as VolumeKeys;

type OptionKeys = { [Key in keyof VolumeOptions]: ReturnType<VolumeOptions[Key]> };

const optionKeys = Object.fromEntries(
  Object.entries(VOLUME_OPTIONS).map(([key, option]) => [key, option(values)]),
) as OptionKeys;

const endpoint = {
  ...volumeKeys,
  ...optionKeys,
};

/** At most so many points by one rule. */
const MAX_POINTS = 10_000;
const count = z.int().min(0).max(MAX_POINTS);

export const RetainSchema = z
  .strictObject({
    last: z.int().min(1).max(MAX_POINTS).optional().describe('Keep the newest so many points.'),
    hourly: count
      .optional()
      .describe('Keep the newest point of each of the last so many hours that have one.'),
    daily: count.optional().describe('The same by day.'),
    weekly: count.optional().describe('The same by ISO week.'),
    monthly: count.optional().describe('The same by month.'),
    yearly: count.optional().describe('The same by year.'),
    within: duration.optional().describe('Keep every point captured within this long before the newest one.'),
  })
  .describe('Which recovery points a target keeps. The newest is always kept.');

const HookSchema = z
  .strictObject({
    run: z
      .array(z.string().regex(/^[^\0]+$/, 'must not be empty, nor contain NUL'))
      .min(1)
      .optional()
      .describe("The hook's file name in the agent's --allow-hooks folder, then its arguments."),
    job: z
      .string()
      .regex(/^cronjob\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be cronjob/NAME')
      .optional()
      .describe(
        "In place of `run`, where the volume is a claim of a cluster: `cronjob/NAME`, in the claim's namespace; a Job is made from it.",
      ),
    timeout: positiveDuration.default('60s').describe('Ended after this long, which counts as a failure.'),
    onError: z
      .enum(['fail', 'continue'])
      .default('fail')
      .describe('What a failure of this hook does: `fail` the sync or the operation, or `continue` with it.'),
  })
  .describe('A program on a host, or a Job in a cluster, run at the moment that the list is named for.');

const PinLimitSchema = z
  .strictObject({
    age: positiveDuration
      .optional()
      .describe(
        'No longer than this; by default 7d, or twice the time between two syncs of that target where that is more.',
      ),
    space: size
      .optional()
      .describe(
        'No more than this; the oldest are given up first, the newest never. Only where the storage tells what a state costs: ZFS does, btrfs does not.',
      ),
  })
  .describe(
    'What the source keeps of old states for targets that were not synced since. A target that is given up is told of, and its next sync starts from an older base, or compares or sends everything.',
  );

const SourceSchema = z
  .strictObject({
    host: name.describe('The host that holds the volume: the name its agent was started with.'),
    ...endpoint,
    copyMethod: z
      .enum(['Direct', 'Snapshot', 'Clone', 'Auto'])
      .default('Direct')
      .describe(
        'Of a directory: `Direct` reads the live one; `Snapshot` a btrfs snapshot; `Clone` a reflink copy (XFS, btrfs); `Auto` the best that the filesystem can do: a snapshot, a clone, or the live directory. Of an image file: `Direct`, or `Clone`; of a block device `Direct`. Of a claim: a `Snapshot` or a `Clone` by its CSI driver, or the live one. The other volume kinds are always read from a snapshot.',
      ),
    pinLimit: PinLimitSchema.optional(),
  })
  .describe('Where the data is.');

const labelKey = z.string().min(1).describe('The key of a label.');
const labelValue = z.string().regex(LABEL_VALUE, WRONG_VALUE);

const HostSelectorSchema = z
  .strictObject({
    matchLabels: z
      .record(z.string(), labelValue)
      .optional()
      .describe('Labels that the agent has, each with this very value.'),
    matchExpressions: z
      .array(
        z.strictObject({
          key: labelKey,
          operator: z
            .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
            .describe(
              '`In`: it has the label, with one of the values. `NotIn`: it has not, or not with one of the values. `Exists`, `DoesNotExist`: it has it, or has it not.',
            ),
          values: z.array(labelValue).optional().describe('Of `In` and `NotIn`: one or more.'),
        }),
      )
      .optional()
      .describe('Conditions that hold, all of them.'),
  })
  .describe(
    'In place of `host`: this target stands for one on each host whose agent has such labels, now or later. As a LabelSelector of Kubernetes.',
  );

const TargetSchema = z
  .strictObject({
    host: name
      .default(AT_SOURCE)
      .describe(
        'The host that holds the volume: the name its agent was started with. Of a target that is a repository or a bucket: none.',
      ),
    hostSelector: HostSelectorSchema.optional(),
    ...endpoint,
    name: name
      .optional()
      .describe(
        'How this target is called; by default as its host, a repository or a bucket by its kind. With `hostSelector`, `NAME-HOST`.',
      ),
    copyMethod: z
      .enum(['Auto', 'Direct', 'Snapshot', 'Clone', 'HardLink'])
      .default('Auto')
      .describe(
        'How recovery points are frozen: `Snapshot` by btrfs, `Clone` by reflink, `HardLink` by hard-linked generations on any filesystem, `Direct` keeps none. Of a claim: `Snapshot` by its CSI driver, or `Direct`. `Auto` takes the first of them that the volume can do.',
      ),
    class: name.default('node').describe('A class to choose targets by, for example `drpnode`.'),
    schedule: z
      .string()
      .meta({ title: 'cron expression' })
      .optional()
      .describe(
        "When this target is synced, where that is not by `trigger.schedule`; in the trigger's time zone.",
      ),
    rpo: positiveDuration
      .optional()
      .describe("How old this target's newest recovery point may be, where that is not `objectives.rpo`."),
    retain: RetainSchema.optional().describe(
      'Which recovery points this target keeps, where that is not as `spec.retain` says.',
    ),
  })
  .describe('Where a copy is kept.');

const ThroughSchema = z
  .strictObject({
    bucket: values.bucket.describe('The bucket that the source writes to, as rclone calls it.'),
    credentials: KINDS.bucket.options.credentials(values),
    bandwidthLimit: KINDS.bucket.options.bandwidthLimit(values),
    keepReplaced: KINDS.bucket.options.keepReplaced(values),
    name: name.optional().describe('How it is called among the targets; by default `bucket`.'),
    rpo: positiveDuration
      .optional()
      .describe('How old its newest state may be, where that is not `objectives.rpo`.'),
    retain: RetainSchema.optional().describe(
      'Which states it keeps as recovery points, where that is not as `spec.retain` says.',
    ),
  })
  .describe(
    'A bucket in between: the source writes to it once, by `trigger.schedule`, and each target fetches from it by its own schedule.',
  );

export const RelationshipSchema = z
  .strictObject({
    apiVersion: z.literal('tidemark/v1').describe('The version of this format.'),
    kind: z.literal('Relationship').describe('What the document describes.'),
    metadata: z
      .strictObject({
        name: name.describe('The name of the relationship, unique.'),
        labels: z.record(z.string(), z.string()).default({}).describe('Free to use.'),
      })
      .describe('What the relationship is called.'),
    spec: z
      .strictObject({
        source: SourceSchema,
        through: ThroughSchema.optional(),
        targets: z.array(TargetSchema).min(1).describe('One or more copies, each with a fate of its own.'),
        mover: MoverSchema.prefault({}),
        trigger: z
          .strictObject({
            schedule: z
              .string()
              .meta({ title: 'cron expression' })
              .describe('Cron, five fields: `*/15 * * * *`. Left out: only on request.')
              .optional(),
            timezone: z
              .string()
              .meta({ title: 'time zone' })
              .default('UTC')
              .describe('IANA time zone of the schedule.'),
            jitter: duration.optional().describe('Spread the start over this long.'),
            catchUp: duration
              .default('10m')
              .describe('Ticks missed by more than this, Temporal having been away, are not made up for.'),
          })
          .prefault({})
          .describe('When to sync.'),
        objectives: z
          .strictObject({
            rpo: positiveDuration
              .optional()
              .describe('The newest recovery point is never to be older than this.'),
          })
          .prefault({})
          .describe('What is promised, and watched.'),
        retain: RetainSchema.prefault({ last: 3 }),
        guards: z
          .strictObject({
            allowEmpty: z.boolean().default(false).describe('Let an empty source empty its targets.'),
            allowForeign: z
              .boolean()
              .default(false)
              .describe('Let a sync replace what a target holds that no sync put there.'),
            maxDeletes: percentage
              .default('50%')
              .describe(
                'A sync that would delete more of a target than this stops and waits for `tidemark approve`.',
              ),
          })
          .prefault({})
          .describe('What a sync never does without approval.'),
        hooks: z
          .strictObject({
            beforeCapture: z
              .array(HookSchema)
              .default([])
              .describe("On the source's host, before its state is frozen."),
            afterCapture: z
              .array(HookSchema)
              .default([])
              .describe(
                "On the source's host, once it is frozen; runs always when `beforeCapture` was begun.",
              ),
            afterPublish: z
              .array(HookSchema)
              .default([])
              .describe("On each target's host, once it has a new recovery point."),
            quiesce: z
              .array(HookSchema)
              .default([])
              .describe(
                "On the source's host, at the start of a relocation: stops what writes to the volume.",
              ),
            unquiesce: z
              .array(HookSchema)
              .default([])
              .describe("On the source's host, where a relocation is undone: starts it again."),
            afterPromote: z
              .array(HookSchema)
              .default([])
              .describe("On the new primary's host, once it may be written to: starts the service there."),
            startDrill: z
              .array(HookSchema)
              .default([])
              .describe("On the target's host, in a drill: starts the service on the clone."),
            probeDrill: z
              .array(HookSchema)
              .default([])
              .describe("On the target's host, in a drill: fails unless the service works on the clone."),
            stopDrill: z
              .array(HookSchema)
              .default([])
              .describe(
                "On the target's host, in a drill: stops it again; runs always when `startDrill` was begun.",
              ),
          })
          .prefault({})
          .describe('Programs that run around a sync, a change of the primary, or a drill.'),
        approval: z
          .enum(['none', 'one', 'two'])
          .default('none')
          .describe('How many people must say `tidemark approve` before a failover or a relocation goes on.'),
      })
      .describe('The relationship itself.'),
  })
  .describe('A source, its targets, how and when to copy.');

type Judged = z.output<typeof RelationshipSchema>;
/** A whole document, with all defaults filled in. */
export type Relationship = Omit<Judged, 'spec'> & { spec: RelationshipSpec };
/** A document as a user may write it, defaults left out. */
export type RelationshipInput = z.input<typeof RelationshipSchema>;
export type RelationshipSpec = Judged['spec'] & {
  /** Targets that were written with a `hostSelector`, once `targets` has one for each host that they match (see `fan-out`). */
  selecting?: TargetSpec[];
};
export type SourceSpec = Judged['spec']['source'];
export type TargetSpec = Judged['spec']['targets'][number];
export type HostSelector = NonNullable<TargetSpec['hostSelector']>;
export type RetainSpec = RelationshipSpec['retain'];
export type HookSpec = RelationshipSpec['hooks']['beforeCapture'][number];
export type HooksSpec = RelationshipSpec['hooks'];
