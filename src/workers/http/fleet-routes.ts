import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { countAll, inOrder, isChosen } from '../../model/choose-relationships';
import type { FleetAnswer } from '../../api/fleet-answer';
import type { FleetSource } from '../fleet/fleet';
import { FleetSummaries } from '../fleet/summaries';
import { FleetQuerySchema, FleetSchema } from './fleet-schemas';
import { json, otherwise } from './answers';

/** How all relationships are, many at a time. */
export function fleetRoutes(fleet: FleetSource): FastifyPluginCallbackZod {
  const summaries = new FleetSummaries();
  return (app, _options, done) => {
    app.get(
      '/v1/fleet',
      {
        schema: {
          summary:
            'How relationships are: filtered, sorted, a page at a time, with how many there are of each state',
          operationId: 'getFleet',
          querystring: FleetQuerySchema,
          response: { 200: json('How they are.', FleetSchema), ...otherwise },
        },
        // Ten thousand are as they were just made: to check each field of them takes longer than all the rest.
        serializerCompiler: () => JSON.stringify,
      },
      async ({ query }) => {
        const { sort, limit, offset, label, ...choice } = query;
        const { states, checkedAt, trouble } = await fleet.now();
        const chosen = summaries
          .of(states, Date.now())
          .filter((each) => isChosen(each, { ...choice, labels: label }));
        const relationships = inOrder(chosen, sort).slice(offset, offset + limit);
        const answer: FleetAnswer = { checkedAt, trouble, counts: countAll(chosen), relationships };
        // The same, but for what the schema leaves open.
        return answer as unknown as z.input<typeof FleetSchema>;
      },
    );
    done();
  };
}
