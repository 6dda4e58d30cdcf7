/** What runs, and one relationship as it is this moment. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { RelationshipView } from '../../api/operation-view';
import { tellError } from '../../client/exit-codes';
import { makeRelationshipId } from '../../model/names';
import { summarize } from '../../model/summary';
import type { FleetSource } from '../fleet/fleet';
import { FleetSummaries } from '../fleet/summaries';
import { statusOf } from '../fleet/known-states';
import { failed, json, otherwise } from './answers';
import { HttpError } from './errors';
import { Streams } from './operation-stream';
import type { OperationsSource } from './operations';
import {
  OperationParams,
  OperationSchema,
  OperationsQuerySchema,
  OperationsSchema,
  PriceQuerySchema,
  PriceSchema,
  RelationshipViewSchema,
} from './operation-schemas';
import { NameParams } from './schemas';

export interface OperationRoutesOptions {
  operations: OperationsSource;
  fleet: FleetSource;
}

/** @throws what asking it failed with, where it has told nothing either */
async function askOrRecall(
  { operations, fleet }: OperationRoutesOptions,
  name: string,
): Promise<Pick<RelationshipView, 'status' | 'why'>> {
  try {
    return { status: await operations.status(name), why: null };
  } catch (error) {
    const entry = (await fleet.now()).states.get(name);
    if (!entry) throw error;
    return { status: statusOf(entry), why: tellError(error).message };
  }
}

/** Asked of itself; where it can't be, what it told last, and why. */
async function viewRelationship(options: OperationRoutesOptions, name: string): Promise<RelationshipView> {
  const { status, why } = await askOrRecall(options, name);
  const entry = (await options.fleet.now()).states.get(name);
  // With its next tick, as in the fleet: of its Schedule it can't know itself whether it ticks.
  const shown = entry && (why === null ? { ...entry, status, vanished: null } : entry);
  const [summary = summarize(status, Date.now())] = shown
    ? new FleetSummaries().of(new Map([[name, shown]]), Date.now())
    : [];
  const ui = options.operations.pageOf(makeRelationshipId(name));
  return { summary, status, asked: why === null ? 'relationship' : 'catalog', why, ui };
}

/** One relationship, asked this moment: how it is, its document, what a failover would cost. */
export function oneRoutes(options: OperationRoutesOptions): FastifyPluginCallbackZod {
  const { operations } = options;
  return (app, _options, done) => {
    app.get(
      '/v1/relationships/:name',
      {
        schema: {
          summary: 'One relationship, as it says itself this moment',
          operationId: 'getRelationship',
          params: NameParams,
          response: {
            200: json('How it is.', RelationshipViewSchema),
            ...otherwise,
            404: failed,
            409: failed,
          },
        },
        serializerCompiler: () => JSON.stringify,
      },
      async ({ params: { name } }) =>
        (await viewRelationship(options, name)) as unknown as z.input<typeof RelationshipViewSchema>,
    );
    app.get(
      '/v1/relationships/:name/spec',
      {
        schema: {
          summary: 'The document of a relationship as it holds now, with all defaults, as JSON or YAML',
          operationId: 'getSpec',
          params: NameParams,
          querystring: z.object({
            format: z.enum(['json', 'yaml']).default('json').describe('How it is written.'),
          }),
          response: {
            200: {
              description: 'The document.',
              content: {
                'application/json': { schema: z.record(z.string(), z.unknown()) },
                'application/yaml': { schema: z.record(z.string(), z.unknown()) },
              },
            },
            ...otherwise,
            404: failed,
            409: failed,
          },
        },
        serializerCompiler: () => (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
      },
      async ({ params: { name }, query: { format } }, reply) => {
        const { status } = await askOrRecall(options, name);
        if (format === 'json') return status.document;
        return await reply.type('application/yaml').send(stringify(status.document) as never);
      },
    );
    app.get(
      '/v1/relationships/:name/price',
      {
        schema: {
          summary: 'What a failover would cost now; asks the hosts',
          operationId: 'getPrice',
          params: NameParams,
          querystring: PriceQuerySchema,
          response: { 200: json('The price.', PriceSchema), ...otherwise, 404: failed, 409: failed },
        },
        serializerCompiler: () => JSON.stringify,
      },
      async ({ params: { name }, query: { target, point } }) =>
        (await operations.price(name, {
          ...(target !== undefined && { target }),
          ...(point !== undefined && { pointId: point }),
        })) as unknown as z.input<typeof PriceSchema>,
    );
    done();
  };
}

/** Operations, and their progress as it goes. */
export function operationRoutes({ operations }: OperationRoutesOptions): FastifyPluginCallbackZod {
  const streams = new Streams();
  return (app, _options, done) => {
    app.addHook('preClose', (closed) => {
      streams.end();
      closed();
    });
    app.get(
      '/v1/operations',
      {
        schema: {
          summary: 'The operations that run, as their relationships have told, with progress',
          operationId: 'listOperations',
          querystring: OperationsQuerySchema,
          response: { 200: json('The operations.', OperationsSchema), ...otherwise },
        },
        serializerCompiler: () => JSON.stringify,
      },
      async ({ query: { relationship } }) => {
        const running = await operations.running(relationship);
        return { operations: running } as unknown as z.input<typeof OperationsSchema>;
      },
    );
    app.get(
      '/v1/operations/:id',
      {
        schema: {
          summary: 'One operation, also one that has ended, as long as Temporal keeps it',
          operationId: 'getOperation',
          params: OperationParams,
          response: { 200: json('The operation.', OperationSchema), ...otherwise, 404: failed },
        },
        serializerCompiler: () => JSON.stringify,
      },
      async ({ params: { id } }) =>
        (await operations.operation(id)) as unknown as z.input<typeof OperationSchema>,
    );
    app.get(
      '/v1/operations/:id/stream',
      {
        schema: {
          summary: 'The same at each change, as server-sent events, until it has ended',
          operationId: 'streamOperation',
          params: OperationParams,
          response: {
            200: {
              description:
                'Events `operation`, the data of each an operation as JSON; at last one `trouble`, where nobody can say any more how it is.',
              content: { 'text/event-stream': { schema: z.string() } },
            },
            ...otherwise,
            404: failed,
          },
        },
        serializerCompiler: () => String,
      },
      async ({ params: { id } }, reply) => {
        const first = await operations.operation(id);
        const stream = streams.start(() => operations.operation(id), first);
        if (!stream) {
          throw new HttpError(503, 'TooMany', 'too many operations are being watched already', {
            hint: 'close a page, or ask for the operation again and again',
          });
        }
        return await reply.type('text/event-stream').send(stream as never);
      },
    );
    done();
  };
}
