/** What the API takes and answers; validation and `/openapi.json` both come from here. */
import { z } from 'zod';
import { LEFT_OUT_REASONS } from '../../model/left-out';

export const instant = z.string().describe('ISO 8601 in UTC.');
/** With any offset; in UTC from here on: a database takes no offset of 22 hours. */
export const instantGiven = z.iso
  .datetime({ offset: true })
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be an instant')
  .transform((text) => new Date(text).toISOString());
export const text = z.string().nullable();
export const count = z.number().int().min(0);

export const LeftOutSchema = z
  .array(
    z.object({
      reason: z.enum(LEFT_OUT_REASONS),
      count: count.describe('Entries that it holds for.'),
      examples: z.array(z.string()).describe('Some of their paths.'),
    }),
  )
  .describe('What of the source it does not hold, by reason.');

export const NameParams = z.object({
  name: z.string().min(1).max(200).describe('The name of a relationship.'),
});

export const HistoryQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50).describe('At most so many syncs.'),
  before: z
    .union([z.coerce.number().int().min(1), instantGiven])
    .optional()
    .describe('The `id` of the last entry of the page before; or an instant, for what started before it.'),
});

export const PointsQuerySchema = z.object({
  target: z.string().min(1).max(200).optional().describe('Only points of this target.'),
});

export const RelationshipsQuerySchema = z.object({
  retired: z.enum(['true', 'false']).default('false').describe('List deleted ones too.'),
});

export const HealthSchema = z.object({ status: z.literal('ok') });

const TargetEntrySchema = z.object({
  name: z.string(),
  host: z.string(),
  result: z.enum(['succeeded', 'failed', 'cancelled']),
  how: text.describe('What the transfer was.'),
  bytesSent: count
    .nullable()
    .describe('Bytes on the wire, both directions; null where no transfer was completed.'),
  bytesChanged: count.nullable().describe('Bytes of file data that differed.'),
  filesChanged: count.nullable(),
  filesDeleted: count.nullable(),
  reachedBytes: count
    .nullable()
    .describe('What a transfer that failed or was cancelled had gone through: at most that was sent.'),
  attempts: count,
  durationSeconds: z.number().nullable().describe('Of the transfer alone.'),
  recoveryPoint: text.describe('The point that this sync made.'),
  errorType: text,
  error: text,
  toolMessage: text.describe("The failed tool's own words."),
  hint: text,
  leftOut: LeftOutSchema,
});

export const SyncEntrySchema = z.object({
  id: count.describe('For `before`.'),
  syncId: z.string(),
  relationship: z.string(),
  sequence: count,
  reason: z.enum([
    'created',
    'schedule',
    'request',
    'retry',
    'changed',
    'approved',
    'relocation',
    'reversed',
    'switched',
  ]),
  startedAt: instant,
  capturedAt: instant.nullable(),
  endedAt: instant,
  durationSeconds: z.number(),
  result: z.enum(['succeeded', 'partial', 'failed', 'cancelled']),
  errorType: text,
  error: text,
  hint: text,
  workflowId: z.string(),
  runId: z.string(),
  targets: z.array(TargetEntrySchema),
});

export const PointEntrySchema = z.object({
  id: z.string(),
  target: z.string(),
  syncId: z.string(),
  capturedAt: instant,
  publishedAt: instant,
  verified: instant.nullable().describe("When it was last found equal to the source's copy."),
  keptBecause: z.array(z.string()).describe('Why retention keeps it.'),
  bytes: count,
  files: count,
  method: z.enum(['Direct', 'Snapshot', 'Clone', 'HardLink']),
  identity: z.string().describe('Points of one unchanged state share it.'),
  leftOut: LeftOutSchema,
  torn: z
    .boolean()
    .nullable()
    .optional()
    .describe(
      'It is the only copy there, and may be of two states since a sync broke off; null where nobody can say.',
    ),
});

export const RelationshipEntrySchema = z.object({
  name: z.string(),
  status: z
    .enum(['up', 'warn', 'down'])
    .nullable()
    .describe('That of the worst target; null of a deleted relationship.'),
  statusReason: text.describe('Which target that is, and why.'),
  document: z
    .record(z.string(), z.unknown())
    .describe('As it was last applied, with all defaults filled in.'),
  createdAt: instant,
  changedAt: instant,
  retiredAt: instant.nullable().describe('When it was deleted.'),
  source: z.object({
    host: z.string(),
    volume: z.string(),
    copyMethod: z.enum(['Direct', 'Snapshot', 'Clone', 'Auto']),
  }),
  targets: z.array(
    z.object({
      name: z.string(),
      host: z.string(),
      recoveryPoint: text.describe('The newest one.'),
      capturedAt: instant.nullable(),
      result: z
        .enum(['succeeded', 'failed', 'cancelled'])
        .nullable()
        .describe('Of the last sync that it was part of.'),
      errorType: text.describe('Why that failed.'),
      status: z
        .enum(['up', 'warn', 'down'])
        .nullable()
        .describe('By its lag: beyond twice what was promised it warns, beyond three times it is down.'),
      statusReason: text,
    }),
  ),
});

export const HostSeenSchema = z.object({
  name: z.string(),
  seen: z.boolean().describe('An agent polled for work within the last 75 s.'),
  lastSeenAt: instant.optional(),
  identities: z.array(z.string()).describe('The agents that are there.'),
  named: z.boolean().describe('A relationship names it, or has selected it.'),
  labels: z
    .record(z.string(), z.string())
    .nullable()
    .describe('What its agent told last; null: never anything, or it was forgotten.'),
  toldAt: instant.nullable().describe('When it was told.'),
});
