/** What `/v1/fleet` takes and answers. */
import { z } from 'zod';
import { MOST_AT_ONCE } from '../../api/fleet-answer';
import { SORTS } from '../../model/choose-relationships';
import { HEALTHS } from '../../model/health';
import { PHASES } from '../../model/status';
import { count, instant, LeftOutSchema, text } from './schemas';

/** Given once, or several times. */
export const several = <T extends z.ZodType>(each: T, error: string) =>
  z.union([each.transform((one): z.output<T>[] => [one]), z.array(each).max(100)], { error }).optional();
export const among = (words: readonly string[]) => `must be among ${words.join(', ')}`;

export const FleetQuerySchema = z.object({
  search: z.string().min(1).max(300).optional().describe('Part of the name.'),
  status: several(z.enum(HEALTHS), among(HEALTHS)).describe(
    'Only those that are so; may be given several times.',
  ),
  phase: several(z.enum(PHASES), among(PHASES)).describe(
    'Only those in this phase; may be given several times.',
  ),
  host: z.string().min(1).max(300).optional().describe('Only those with a side on this host.'),
  label: several(z.string().min(1).max(400), 'must be 1 to 400 characters').describe(
    '`tier=gold`, `tier!=gold`, `tier` for those that have any, `!tier` for those that have none; may be given several times, and all must hold.',
  ),
  sort: z
    .enum(SORTS)
    .default('name')
    .describe('By name, the worst first, or the oldest copy first; by name among equals.'),
  limit: z.coerce.number().int().min(1).max(MOST_AT_ONCE).default(100).describe('At most so many.'),
  offset: z.coerce.number().int().min(0).default(0).describe('So many are left out at the beginning.'),
});

const status = z.enum(HEALTHS);
const anything = z.record(z.string(), z.unknown());

const TargetSummarySchema = z.object({
  name: z.string(),
  host: z.string(),
  volume: z.string(),
  class: z.string(),
  result: z.enum(['never', 'succeeded', 'failed', 'cancelled']),
  status: status.describe('By its lag, and by what was promised.'),
  statusReason: z.string(),
  lagSeconds: z.number().nullable().describe('Age of the newest recovery point; null before the first.'),
  recoveryPoint: text,
  capturedAt: instant.nullable(),
  leftOut: LeftOutSchema,
  lastError: text.describe('Null after a success.'),
  givenUp: text.describe('Why the source keeps no base for it any more.'),
  torn: z.boolean().describe('It keeps one copy alone, which may not be whole since a sync of it broke off.'),
  nextRun: instant.nullable(),
  promised: z
    .object({ seconds: z.number(), by: z.enum(['rpo', 'schedule']) })
    .nullable()
    .describe('How old its newest recovery point may be.'),
});

const SummarySchema = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  status: status.describe('That of the worst target.'),
  statusReason: z.string(),
  phase: z.string(),
  vanished: anything.nullable().describe('How its workflow ended, where nobody deleted it.'),
  paused: z.boolean(),
  direction: z.enum(['forward', 'reversed']),
  epoch: count,
  source: z.object({ host: z.string(), volume: z.string() }),
  targets: z.array(TargetSummarySchema),
  nextRun: instant.nullable(),
  scheduleTrouble: z.enum(['missing', 'paused']).nullable().describe('Why its Schedule does not tick.'),
  lastSync: z
    .object({
      result: z.string(),
      startedAt: instant,
      endedAt: instant,
      bytes: count,
      files: count,
      durationSeconds: z.number(),
    })
    .nullable(),
  rpoMet: z.boolean().nullable().describe('Whether every target is as fresh as was promised.'),
  operation: anything.nullable().describe('What runs now, which of its phases, and what it waits for.'),
  takeover: anything.nullable().describe('Who took over in a failover.'),
  selections: z.array(anything).describe('Which hosts its selectors mean now.'),
  lastDrill: anything.nullable(),
});

export const FleetSchema = z.object({
  checkedAt: instant
    .nullable()
    .describe('When Temporal was last asked whether they all run. What they tell of themselves is of now.'),
  trouble: z.string().nullable().describe('Why it could not be asked after that.'),
  counts: z
    .object({
      total: count,
      status: z.record(z.enum(HEALTHS), count),
      phase: z.record(z.string(), count),
    })
    .describe('Of all that are chosen, on this page or not.'),
  relationships: z
    .array(SummarySchema)
    .describe('As `tidemark get -o json` prints them; this page of those that are chosen.'),
});
