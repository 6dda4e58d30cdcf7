/** How routes describe what they answer. */
import type { z } from 'zod';
import { ErrorSchema } from './schemas';

export const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

export const failed = json('What went wrong.', ErrorSchema);

/** What any route may answer instead. */
export const otherwise = { 400: failed, 401: failed, 403: failed, 500: failed, 503: failed };
