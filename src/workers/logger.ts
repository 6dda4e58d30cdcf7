import { pino } from 'pino';
import type { Logger } from 'pino';

/** Names of fields that could hold a secret: never written out. */
const REDACTED = ['token', 'password', '*.token', '*.password', 'headers.authorization'];

/**
 * The log of a worker: JSON, one line a step; readable on a terminal, or with `TIDEMARK_LOG=pretty`.
 * The level comes from `TIDEMARK_LOG_LEVEL`.
 */
export function makeLogger(bindings: Record<string, unknown>): Logger {
  const pretty =
    process.env.TIDEMARK_LOG === 'pretty' || (process.env.TIDEMARK_LOG !== 'json' && process.stdout.isTTY);
  return pino({
    level: process.env.TIDEMARK_LOG_LEVEL ?? 'info',
    base: bindings,
    redact: REDACTED,
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: { ignore: 'pid,hostname,workflowId', translateTime: 'SYS:HH:MM:ss' },
      },
    }),
  });
}
