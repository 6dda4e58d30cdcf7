/** What the HTTP API answers in place of what was asked for: problem details (RFC 9457). */
export interface Problem {
  /** `urn:tidemark:problem:NotFound` */
  type: string;
  /** Its type in words that never change: `NotFound`; programs may match on it. */
  title: string;
  status: number;
  /** What went wrong this time. */
  detail: string;
  /** What to do next. */
  hint: string | null;
  /** Everything that is wrong, where that is more than one thing. */
  problems?: string[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function makeProblem(
  status: number,
  title: string,
  detail: string,
  { hint, problems }: { hint?: string | undefined; problems?: string[] | undefined } = {},
): Problem {
  return {
    type: `urn:tidemark:problem:${title}`,
    ...{ title, status, detail, hint: hint ?? null },
    ...(problems && problems.length > 0 && { problems }),
  };
}
