/** What tokens with a role may ask of relationships, where the control worker allows that at all. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { type Action, ACTIONS, CONFIRMED, roleFor } from '../../api/operation-view';
import { failed, json, otherwise } from './answers';
import { HttpError } from './errors';
import { accessOf, requireRole } from './guards';
import { ACTION_BODIES, ActionAnswerSchema, ActionHeaders, WhoAmISchema } from './operation-schemas';
import type { OperationsSource } from './operations';
import { NameParams } from './schemas';

export interface ActionRoutesOptions {
  operations: OperationsSource;
  allowActions: boolean;
}

const SUMMARIES: Record<Action, string> = {
  sync: 'Syncs now',
  pause: 'Pauses: nothing starts any more',
  resume: 'Ends a pause',
  approve: 'Approves what waits for it',
  verify: 'Compares a recovery point with the source',
  drill: 'Rehearses a failover on a clone',
  failover: 'A target becomes the primary, the present one being lost or given up',
  relocate: 'A target becomes the primary, losing nothing',
  reverse: 'The old primary becomes a target',
  cancel: 'Ends what runs',
};

type Body = Partial<z.output<(typeof ACTION_BODIES)['failover']>>;

/** @throws HttpError 400 where the name was not typed */
function checkConfirmed(action: Action, name: string, { confirm }: Body): void {
  if (!CONFIRMED.includes(action) || confirm === name) return;
  throw new HttpError(400, 'NotConfirmed', `confirm is not the name of the relationship`, {
    hint: `send "confirm": ${JSON.stringify(name)} if that is meant`,
  });
}

export function actionRoutes({ operations, allowActions }: ActionRoutesOptions): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/v1/whoami',
      {
        schema: {
          summary: 'Whose the token is, and what it may do',
          operationId: 'whoAmI',
          response: { 200: json('You.', WhoAmISchema), ...otherwise },
        },
      },
      (request) => {
        const { name, roles } = accessOf(request);
        return { name, roles: [...roles], actionsAllowed: allowActions };
      },
    );
    for (const action of ACTIONS) {
      app.post(
        `/v1/relationships/:name/actions/${action}`,
        {
          schema: {
            summary: `${SUMMARIES[action]}; for tokens with the role ${roleFor(action)}`,
            operationId: action,
            params: NameParams,
            headers: ActionHeaders,
            body: ACTION_BODIES[action],
            response: {
              200: json('Done, or asked for.', ActionAnswerSchema),
              ...otherwise,
              404: failed,
              409: failed,
            },
          },
          // Before the body is judged: whoever may not ask is not told what is wrong with it.
          preValidation: (request, _reply, next) => {
            if (!allowActions) {
              throw new HttpError(403, 'ActionsOff', 'this control worker only answers', {
                hint: 'start it with --allow-actions and --tokens FILE',
              });
            }
            requireRole(request, roleFor(action));
            next();
          },
        },
        async (request) => {
          const { name } = request.params;
          const body = request.body as Body;
          checkConfirmed(action, name, body);
          const { confirm: _confirm, reason, ...argument } = body;
          const who = accessOf(request).name;
          const by = { name: who, via: 'http' as const, ...(reason !== undefined && { reason }) };
          const given = action === 'approve' ? { by: who ?? 'unknown' } : argument;
          return await operations.act(name, action, given, by, request.headers['idempotency-key']);
        },
      );
    }
    done();
  };
}
