import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { isRetryable, TidemarkError } from '../../model/errors';

/** What every error answers, as JSON. */
export interface ErrorBody {
  error: { type: string; message: string; hint: string | null };
}

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

function body(type: string, message: string, hint?: string): ErrorBody {
  return { error: { type, message, hint: hint ?? null } };
}

/** What a client is told; what went wrong inside is for the log alone. */
export function answerError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1)}: ${message}`,
    );
    return reply.code(400).send(body('InvalidRequest', problems.join('; '), 'see /openapi.json'));
  }
  if (error instanceof HttpError) {
    return reply.code(error.statusCode).send(body(error.type, error.message, error.details.hint));
  }
  if (error instanceof TidemarkError) {
    request.log.warn({ err: error, tool: error.details.toolMessage }, error.message);
    return reply
      .code(isRetryable(error.type) ? 503 : 500)
      .send(body(error.type, error.message, error.details.hint));
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status === 401) {
    void reply.header('www-authenticate', 'Bearer');
    return reply
      .code(401)
      .send(body('Unauthorized', 'a token is needed', 'send Authorization: Bearer TOKEN'));
  }
  if (status < 500) return reply.code(status).send(body('InvalidRequest', error.message));
  request.log.error({ err: error, serialization: isResponseSerializationError(error) }, 'request failed');
  return reply
    .code(500)
    .send(body('Internal', 'something went wrong; the log of the control worker says what'));
}

/** No such route. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  return reply.code(404).send(body('NotFound', `there is no ${request.method} ${path}`, 'see /openapi.json'));
}
