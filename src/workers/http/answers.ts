/** How routes describe what they answer. */
import { z } from 'zod';
import { PROBLEM_TYPE } from '../../api/problem';

export const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

const ProblemSchema = z.object({
  type: z.string().describe('`urn:tidemark:problem:` and the title.'),
  title: z.string().describe('Stable; programs may match on it.'),
  status: z.number().int(),
  detail: z.string(),
  hint: z.string().nullable().describe('What to do next.'),
  problems: z
    .array(z.string())
    .optional()
    .describe('Everything that is wrong, where that is more than one thing.'),
});

export const failed = {
  description: 'What went wrong (RFC 9457).',
  content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
};

/** What any route may answer instead. */
export const otherwise = { 400: failed, 401: failed, 403: failed, 500: failed, 503: failed };
