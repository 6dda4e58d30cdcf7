/** The file that says who is told of what, as users write it. Secrets are never in it, only where they are. */
import { z } from 'zod';
import { makeKeys, type JsonSchema, type Keys } from '../json-schema';
import { absolutePath, duration, name, pattern, positiveDuration } from '../spec-values';
import { durationToMs, isDuration } from '../units';
import { CONDITION_KINDS, SEVERITIES } from './conditions';

/** `recovered`: something is over, whether or not its beginning was told. */
export const EVENT_KINDS = [...CONDITION_KINDS, 'recovered'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const PRESETS = ['slack', 'teams', 'ntfy', 'healthchecks'] as const;
export type Preset = (typeof PRESETS)[number];

/** Where a secret is: read anew each time. */
const secret = z.strictObject({
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable: letters, digits and underscores')
    .optional()
    .describe('Variable of the environment of the control worker.'),
  file: absolutePath
    .optional()
    .describe('File that the control worker can read; white space around is cut off.'),
});
export type SecretSource = z.output<typeof secret>;

const header = z.string().regex(/^[\t\x20-\x7e]*$/, 'must be one line of ASCII');
/** What is wrong with it does not repeat it: it may be a secret after all. */
const url = z.string().regex(/^https?:\/\/[^\s/]+/, 'is no address such as https://chat.example.net/hook');
const template = z.string().min(1, 'must not be empty');
const address = z.string().regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'must be an address such as ops@example.net');

const webhook = z.strictObject({
  url: url.optional().describe('Where it is sent to.'),
  urlFrom: secret.optional().describe('Where the address is, where it is a secret.'),
  preset: z.enum(PRESETS).optional().describe('Whose messages it takes: body and headers are made for it.'),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('How it is sent.'),
  headers: z.record(z.string(), header).default({}).describe('More headers.'),
  headersFrom: z.record(z.string(), secret).default({}).describe('More headers, whose values are secrets.'),
  body: template
    .optional()
    .describe('Template of the body (Liquid). Left out: JSON of all there is, or that of the preset.'),
  every: positiveDuration
    .optional()
    .describe('It is also sent so often how things are, so that a service notices where nothing comes.'),
  signWith: secret.optional().describe('Secret by which each message is signed (HMAC-SHA256).'),
});
export type WebhookSpec = z.output<typeof webhook>;

const email = z.strictObject({
  host: z.string().min(1).describe('Mail server.'),
  port: z.number().int().min(1).max(65_535).optional().describe('By default 587, or 465 with `tls: tls`.'),
  tls: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe(
      '`starttls` and `tls` refuse to go on without encryption; `none` sends in the clear, and no password.',
    ),
  caFile: absolutePath
    .optional()
    .describe('Certificates of authorities that the server is trusted by, beside the usual.'),
  user: pattern.optional().describe('Who logs in.'),
  passwordFrom: secret.optional().describe('Where the password is.'),
  from: address.describe('Sender.'),
  to: z.array(address).min(1).describe('Who gets it.'),
  subject: template.optional().describe('Template of the subject (Liquid).'),
  body: template.optional().describe('Template of the text (Liquid).'),
});
export type EmailSpec = z.output<typeof email>;

const LONGEST_MS = 30 * 60_000;

const program = z.strictObject({
  argv: z.array(z.string()).min(1).describe('The program by its absolute path, and its arguments; no shell.'),
  timeout: positiveDuration
    .refine((text) => !isDuration(text) || durationToMs(text) <= LONGEST_MS, 'must be at most 30m')
    .default('30s')
    .describe('It is ended then.'),
});
export type ProgramSpec = z.output<typeof program>;

const receiver = z.strictObject({
  name: name.describe('How routes, `tidemark notify` and metrics call it.'),
  webhook: webhook.optional(),
  email: email.optional(),
  program: program.optional(),
  maxPerHour: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(30)
    .describe('What is more waits, and comes as one message.'),
});
export type Receiver = z.output<typeof receiver>;

const route = z.strictObject({
  to: z.array(name).min(1).describe('Receivers.'),
  events: z
    .array(z.enum(EVENT_KINDS))
    .min(1)
    .default([...CONDITION_KINDS])
    .describe('What is told. The end of what was told is always told.'),
  labels: z
    .array(z.string().min(1))
    .default([])
    .describe('Only of relationships with these labels, as `tidemark get -l` takes them.'),
  severity: z.array(z.enum(SEVERITIES)).min(1).optional().describe('Only what is as bad.'),
  repeatAfter: positiveDuration.default('24h').describe('What goes on for so long is told again.'),
  groupWait: duration
    .default('30s')
    .describe('What comes within this time comes as one message; what is over by then is not told.'),
});
export type Route = z.output<typeof route>;

export const NotifySchema = z.strictObject({
  receivers: z.array(receiver).min(1),
  routes: z.array(route).min(1),
  giveUpAfter: positiveDuration
    .default('3d')
    .describe('What could not be delivered for so long is given up.'),
});
export type NotifyConfig = z.output<typeof NotifySchema>;

export const NOTIFY_KEYS: Keys = makeKeys((): JsonSchema =>
  z.toJSONSchema(NotifySchema, { io: 'input', target: 'draft-2020-12' }),
);
