import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Catalog, PointEntry, RelationshipEntry } from '../../catalog/contract';
import { suggest } from '../../model/suggest';
import { missingTarget } from '../../model/endpoints';
import { endpointsNow, healthOf } from '../relationship-health';
import type { HostsSource } from '../hosts-seen';
import type { MetricsSource } from '../metrics';
import type { KnownState, StatesSource } from '../fleet/known-states';
import { failed, json, otherwise } from './answers';
import { HttpError } from './errors';
import {
  HealthSchema,
  HistoryQuerySchema,
  HostSeenSchema,
  NameParams,
  PointEntrySchema,
  PointsQuerySchema,
  RelationshipEntrySchema,
  RelationshipsQuerySchema,
  SyncEntrySchema,
} from './schemas';

/** What the API answers from. */
export interface Sources {
  catalog: Pick<Catalog, 'relationships' | 'relationshipNames' | 'history' | 'events' | 'points' | 'ping'>;
  hosts: HostsSource;
  states: StatesSource;
  metrics: MetricsSource;
}

/** @throws HttpError 404 with a guess, where no relationship was ever called so. */
export async function requireKnown(catalog: Sources['catalog'], name: string): Promise<void> {
  const names = await catalog.relationshipNames({ retired: true });
  if (names.includes(name)) return;
  const guess = suggest(name, names);
  throw new HttpError(404, 'NotFound', `there is no relationship ${name}`, {
    hint: guess ? `did you mean ${guess}?` : 'tidemark get lists them all',
  });
}

/** @throws HttpError 404 with those that there are, where no side of the relationship is called so. */
async function requireTarget(catalog: Sources['catalog'], name: string, target: string): Promise<void> {
  const entries = (await catalog.relationships({ retired: true })).filter((each) => each.name === name);
  const names = entries.flatMap(({ targets }) => targets.map((each) => each.name));
  if (names.includes(target) || entries.some(({ source }) => source.host === target)) return;
  const { message, hint } = missingTarget(name, target, names);
  throw new HttpError(404, 'NotFound', message, { hint });
}

/** A relationship, and whether each of its targets is up; nobody looks after those of one that was deleted. */
function withStatus(entry: RelationshipEntry, nowMs: number, known?: KnownState) {
  const health = entry.retiredAt === null ? healthOf(entry, nowMs, known) : undefined;
  const { source, targets } = endpointsNow(entry, known);
  return {
    ...entry,
    source,
    status: health?.status ?? null,
    statusReason: health?.reason ?? null,
    targets: targets.map((target) => {
      const own = health?.targets.find(({ name }) => name === target.name);
      return { ...target, status: own?.status ?? null, statusReason: own?.reason ?? null };
    }),
  };
}

/** Null where its relationship can't be asked. */
function isTorn({ id, target, method }: PointEntry, known: KnownState | undefined): boolean | null {
  if (method !== 'Direct') return false;
  if (!known || !('status' in known)) return null;
  return known.status.targets.some(
    ({ name, recoveryPoint, torn = false }) => name === target && recoveryPoint === id && torn,
  );
}

/** The one route that never needs a token: for supervisors. */
export function healthRoute({ catalog }: Sources): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/healthz',
      {
        schema: {
          summary: 'Whether the control worker is up and its catalog answers',
          operationId: 'health',
          security: [],
          response: { 200: json('It is.', HealthSchema), 403: failed, 503: failed },
        },
      },
      async () => {
        await catalog.ping();
        return { status: 'ok' as const };
      },
    );
    done();
  };
}

/** Everything under `/v1` about relationships. */
export function relationshipRoutes({ catalog, states }: Sources): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/v1/relationships',
      {
        schema: {
          summary: 'All relationships as they were last applied, by name',
          operationId: 'listRelationships',
          querystring: RelationshipsQuerySchema,
          response: { 200: json('The relationships.', z.array(RelationshipEntrySchema)), ...otherwise },
        },
      },
      async ({ query }) => {
        const entries = await catalog.relationships({ retired: query.retired === 'true' });
        const live = entries.filter(({ retiredAt }) => retiredAt === null).map(({ name }) => name);
        const known = await states.states(live);
        return entries.map((entry) => withStatus(entry, Date.now(), known.get(entry.name)));
      },
    );
    app.get(
      '/v1/relationships/:name/history',
      {
        schema: {
          summary: 'The syncs of a relationship, also of a deleted one, newest first',
          operationId: 'getHistory',
          params: NameParams,
          querystring: HistoryQuerySchema,
          response: { 200: json('The syncs.', z.array(SyncEntrySchema)), ...otherwise, 404: failed },
        },
      },
      async ({ params: { name }, query }) => {
        await requireKnown(catalog, name);
        return catalog.history(name, query);
      },
    );
    app.get(
      '/v1/relationships/:name/points',
      {
        schema: {
          summary: 'The recovery points of a relationship, newest first',
          operationId: 'getPoints',
          params: NameParams,
          querystring: PointsQuerySchema,
          response: { 200: json('The points.', z.array(PointEntrySchema)), ...otherwise, 404: failed },
        },
      },
      async ({ params: { name }, query: { target } }) => {
        await requireKnown(catalog, name);
        const points = await catalog.points(name, target);
        if (points.length === 0 && target !== undefined) await requireTarget(catalog, name, target);
        // Only what is its target's only copy can have been written over.
        const isAsked = points.some(({ method }) => method === 'Direct');
        const known = isAsked ? (await states.states([name])).get(name) : undefined;
        return points.map((point) => ({ ...point, torn: isTorn(point, known) }));
      },
    );
    done();
  };
}

/** Hosts, metrics, and the description of the API itself. */
export function otherRoutes({ hosts, metrics }: Sources): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/v1/hosts',
      {
        schema: {
          summary:
            'The hosts that relationships name or that have told their labels, and whether each has an agent',
          operationId: 'listHosts',
          response: { 200: json('The hosts.', z.array(HostSeenSchema)), ...otherwise },
        },
      },
      () => hosts.hosts(),
    );
    app.get(
      '/metrics',
      {
        schema: {
          summary: 'Metrics for Prometheus',
          operationId: 'getMetrics',
          response: {
            200: { description: 'In its text format.', content: { 'text/plain': { schema: z.string() } } },
            ...otherwise,
          },
        },
      },
      async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    );
    app.get(
      '/openapi.json',
      {
        schema: {
          summary: 'This description',
          operationId: 'getOpenApi',
          response: { 200: json('OpenAPI 3.1.', z.record(z.string(), z.unknown())), ...otherwise },
        },
      },
      () => app.swagger() as unknown as Record<string, unknown>,
    );
    done();
  };
}
