/** What the routes of operations and actions take and answer. */
import { z } from 'zod';
import { ROLES } from '../../api/operation-view';
import { LeftOutSchema, count, instant, text } from './schemas';

const name = z.string().min(1).max(200);
const reason = z.string().min(1).max(500).optional().describe('Why, for the history.');
const target = name.optional().describe('A target, by its name.');
const pointId = name.optional().describe('A recovery point; by default the newest.');
const epoch = z.number().int().min(1).optional().describe('As it was seen: refused if it is another by now.');
const confirm = z.string().describe('The name of the relationship, typed by who wants it.');

/** Of each action, what its body may hold. */
export const ACTION_BODIES = {
  sync: z.strictObject({ targets: z.array(name).min(1).max(100).optional(), reason }),
  pause: z.strictObject({ reason }),
  resume: z.strictObject({ reason }),
  approve: z.strictObject({ reason }),
  verify: z.strictObject({ target, pointId, reason }),
  drill: z.strictObject({ target, pointId, reason }),
  failover: z.strictObject({
    target,
    pointId,
    acceptIncomplete: z.boolean().optional(),
    epoch,
    confirm,
    reason,
  }),
  relocate: z.strictObject({ target, epoch, confirm, reason }),
  reverse: z.strictObject({ acceptDiverged: z.boolean().optional(), epoch, confirm, reason }),
  cancel: z.strictObject({ reason }),
} as const;

const anything = z.record(z.string(), z.unknown());

export const OperationSchema = z.object({
  workflowId: z.string(),
  relationship: z.string(),
  kind: z.enum(['sync', 'verify', 'restore', 'failover', 'relocate', 'reverse', 'drill']),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  startedAt: instant,
  endedAt: instant.nullable(),
  phase: text.describe('What it is doing, by name.'),
  waiting: anything.nullable().describe('Whom it waits for, and what to do.'),
  targets: z.array(z.string()).nullable().describe('Those that it is for, where it leaves some out.'),
  progress: anything.nullable().describe('The sum of its transfers that run now.'),
  failure: z.object({ type: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
  ui: text.describe('Its page in the Temporal UI.'),
});

export const OperationsSchema = z.object({ operations: z.array(OperationSchema) });

export const OperationsQuerySchema = z.object({
  relationship: name.optional().describe('Only those of this one.'),
});

export const OperationParams = z.object({
  id: z
    .string()
    .min(1)
    .max(400)
    .describe('A workflow id, like `relationship/wiki/sync/000004`, URL-encoded.'),
});

export const RelationshipViewSchema = z.object({
  summary: anything.describe('As in `/v1/fleet`.'),
  status: anything.describe('All that it says of itself.'),
  asked: z.enum(['relationship', 'catalog']).describe('Who was asked: else this is what it told last.'),
  why: text.describe('Why it could not be asked.'),
  ui: text.describe('Its page in the Temporal UI.'),
});

export const WhoAmISchema = z.object({
  name: text.describe('Of the token; null where none is needed.'),
  roles: z.array(z.enum(ROLES)),
  actionsAllowed: z.boolean().describe('The control worker carries out what tokens with a role ask for.'),
});

export const PriceQuerySchema = z.object({
  target,
  point: pointId,
});

export const PriceSchema = z.object({
  relationship: z.string(),
  epoch: count.optional(),
  target: z.string(),
  host: z.string(),
  volume: z.string(),
  point: anything.nullable().describe('What it would go back to.'),
  ageSeconds: z.number().nullable(),
  verifiedAt: instant.nullable(),
  changed: anything.nullable().describe('What of the source would be lost; null: not known.'),
  leftOut: LeftOutSchema,
  newerPoints: count,
  unknown: z.array(z.string()).describe('What can’t be known, and why.'),
  objections: z.array(z.string()).describe('Why it is refused unless that is accepted in words.'),
});

export const ActionAnswerSchema = z.object({
  operation: text.describe('The workflow of what was started.'),
  pending: z.boolean().describe('It was accepted, and waits for its turn.'),
  answer: z.unknown().describe('As the relationship said it.'),
});

export const ActionHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\w.:-]+$/)
    .optional()
    .describe('Sent again with the same key, it is done once.'),
});
