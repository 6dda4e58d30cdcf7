import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { makeProblem, PROBLEM_TYPE, type Problem } from '../../api/problem';
import { tellError } from '../../client/exit-codes';
import { isRetryable, TidemarkError } from '../../model/errors';

/** An error of the API itself, with its status. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly statusCode: number,
    readonly type: string,
    message: string,
    readonly details: { hint?: string } = {},
  ) {
    super(message);
  }
}

function answer(reply: FastifyReply, problem: Problem): FastifyReply {
  // Not `send(object)`: the schema of what was asked for knows nothing of it.
  return reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

const MISSING = ['NotFound', 'PointMissing', 'VolumeMissing'];

/** Of what a relationship or Temporal has answered; undefined of anything else. */
function problemOf(error: unknown): Problem | undefined {
  const { type, message, hint, problems, exitCode } = tellError(error);
  if (type === 'Unknown') return undefined;
  const refused = exitCode === 2 ? 400 : 409;
  const status = exitCode === 4 || type === 'HostUnreachable' ? 503 : MISSING.includes(type) ? 404 : refused;
  return makeProblem(status, type, message, { hint, problems });
}

function problemOfOwn(error: TidemarkError): Problem {
  return makeProblem(isRetryable(error.type) ? 503 : 500, error.type, error.message, {
    hint: error.details.hint,
  });
}

/** What a client is told; what went wrong inside is for the log alone. */
export function answerError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1) || 'the body'}: ${message}`,
    );
    const more = { hint: 'see /openapi.json', problems };
    return answer(reply, makeProblem(400, 'InvalidRequest', problems.join('; '), more));
  }
  if (error instanceof HttpError)
    return answer(reply, makeProblem(error.statusCode, error.type, error.message, error.details));
  if (error instanceof TidemarkError) {
    request.log.warn({ err: error, tool: error.details.toolMessage }, error.message);
    return answer(reply, problemOfOwn(error));
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status === 401) {
    void reply.header('www-authenticate', 'Bearer');
    const hint = 'send Authorization: Bearer TOKEN';
    return answer(
      reply,
      makeProblem(401, 'Unauthorized', 'a token is needed, or this one is not known', { hint }),
    );
  }
  if (status < 500) return answer(reply, makeProblem(status, 'InvalidRequest', error.message));
  const told = problemOf(error);
  if (told) return answer(reply, told);
  request.log.error({ err: error, serialization: isResponseSerializationError(error) }, 'request failed');
  return answer(
    reply,
    makeProblem(500, 'Internal', 'something went wrong; the log of the control worker says what'),
  );
}

/** No such route. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  const hint = 'see /openapi.json';
  return answer(reply, makeProblem(404, 'NotFound', `there is no ${request.method} ${path}`, { hint }));
}
