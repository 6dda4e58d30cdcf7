/** What happened: to one relationship, or to all. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { parseCursor } from '../../catalog/events';
import { FRONT_DOORS } from '../../model/actor';
import { EVENT_KINDS } from '../../model/events';
import { failed, json, otherwise } from './answers';
import { requireKnown, type Sources } from './routes';
import { among, several } from './fleet-schemas';
import { instant, instantGiven, NameParams, SyncEntrySchema, text } from './schemas';

const KINDS = ['sync', ...EVENT_KINDS] as const;

const EventsQuerySchema = z.object({
  kind: several(z.enum(KINDS), among(KINDS)).describe(
    'Only events of this kind; may be given several times.',
  ),
  since: instantGiven.optional().describe('Only what began then, or later.'),
  limit: z.coerce.number().int().min(1).max(1000).default(50).describe('At most so many.'),
  before: z
    .string()
    .max(500)
    .refine((cursor) => parseCursor(cursor) !== undefined, 'must be what a page said was `next`')
    .optional()
    .describe('What the page before said was `next`.'),
});

const AllEventsQuerySchema = EventsQuerySchema.extend({
  relationship: z.string().min(1).max(200).optional().describe('Only of this one, also if it was deleted.'),
});

const ActorSchema = z.object({
  name: text.describe('As that door knows them; null where it can’t tell.'),
  via: z.enum(FRONT_DOORS).describe('The front door.'),
  reason: z.string().optional().describe('Why, in their own words.'),
});

const EventSchema = z.object({
  id: z.string(),
  relationship: z.string(),
  kind: z.enum(KINDS),
  at: instant,
  endedAt: instant.nullable().describe('Null: nobody has told yet that it is over.'),
  actor: ActorSchema.describe('Who asked for it.'),
  result: z
    .enum(['succeeded', 'partial', 'failed', 'cancelled', 'lost'])
    .nullable()
    .describe('`lost`: its workflow was ended, and nobody can tell.'),
  text: z.string().describe('What it was about, or what came of it.'),
  target: text,
  point: text,
  workflowId: text,
  changes: z.array(z.string()).describe('What it changed of the spec.'),
  sync: SyncEntrySchema.nullable().describe('Of a sync: all that is recorded.'),
});

const EventsSchema = z.object({
  events: z.array(EventSchema).describe('Newest first.'),
  next: text.describe('What `before` takes for the next page; null for the last.'),
});

/** Everything that happened, syncs among it. */
export function eventRoutes({ catalog }: Pick<Sources, 'catalog'>): FastifyPluginCallbackZod {
  const response = { 200: json('The events.', EventsSchema), ...otherwise };
  return (app, _options, done) => {
    app.get(
      '/v1/events',
      {
        schema: {
          summary: 'What happened to relationships: who asked, when, why, and what came of it; newest first',
          operationId: 'listEvents',
          querystring: AllEventsQuerySchema,
          response,
        },
      },
      ({ query: { kind, ...query } }) => catalog.events({ ...query, kinds: kind }),
    );
    app.get(
      '/v1/relationships/:name/events',
      {
        schema: {
          summary: 'What happened to one relationship, also a deleted one, newest first',
          operationId: 'getEvents',
          params: NameParams,
          querystring: EventsQuerySchema,
          response: { ...response, 404: failed },
        },
      },
      async ({ params: { name }, query: { kind, ...query } }) => {
        await requireKnown(catalog, name);
        return catalog.events({ ...query, kinds: kind, relationship: name });
      },
    );
    done();
  };
}
