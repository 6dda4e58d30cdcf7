import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CONDITION_KINDS, SEVERITIES } from '../../model/notify/conditions';
import type { NotifySource } from '../notify/overview';
import { json, otherwise } from './answers';
import { count, instant, text } from './schemas';

const NoticeSchema = z.object({
  receiver: z.string(),
  id: z.string(),
  title: z.string(),
  createdAt: instant,
  attempts: count.describe('Attempts that failed.'),
  problem: text.describe('Why the last one failed, or why it was given up.'),
  settledAt: instant.nullable(),
  workflowId: z.string().describe('Of the workflow that delivers it.'),
});

const NoticesSchema = z.object({
  file: z
    .object({ path: z.string(), problems: z.array(z.string()) })
    .nullable()
    .describe('The file of receivers, and why it is not used as it is now; null: there is none.'),
  receivers: z.array(
    z.object({
      name: z.string(),
      how: z.enum(['webhook', 'email', 'program']).nullable().describe('Null: the file has it no more.'),
      sent: count,
      failed: count.describe('Attempts that failed.'),
      givenUp: count,
      waiting: count,
      lastSentAt: instant.nullable(),
    }),
  ),
  open: count.describe('How many conditions are open in all.'),
  conditions: z
    .array(
      z.object({
        relationship: z.string(),
        kind: z.enum(CONDITION_KINDS),
        target: text,
        severity: z.enum(SEVERITIES),
        text: z.string(),
        since: instant,
        told: z.array(z.string()).describe('Receivers that were sent a message of it, delivered or not.'),
      }),
    )
    .describe('The worst of them.'),
  waiting: z.array(NoticeSchema).describe('Not delivered yet, newest first.'),
  givenUp: z.array(NoticeSchema).describe('Newest first.'),
});

const NOBODY = { file: null, receivers: [], open: 0, conditions: [], waiting: [], givenUp: [] };

/** Who is told of what, and whether messages arrive. */
export function noticesRoutes(notify: NotifySource | undefined): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/v1/notices',
      {
        schema: {
          summary: 'What is open, which messages wait or were given up, and how each receiver fares',
          operationId: 'getNotices',
          response: { 200: json('How it is.', NoticesSchema), ...otherwise },
        },
      },
      async () => (notify ? await notify.overview() : NOBODY),
    );
    done();
  };
}
