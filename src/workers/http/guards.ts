import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isIP } from 'node:net';
import { TidemarkError } from '../../model/errors';
import { HttpError } from './errors';
import { isLoopback, type ListenAddress } from './listen';

/** @throws TidemarkError `AuthRejected` where other machines could reach it and there is no token. */
export function requireToken(listen: ListenAddress, token: string | undefined): void {
  if (token !== undefined || isLoopback(listen.host)) return;
  throw new TidemarkError('AuthRejected', `the HTTP API does not listen on ${listen.host} without a token`, {
    hint: 'set TIDEMARK_TOKEN, or listen on 127.0.0.1',
  });
}

/** Every route of this scope wants `Authorization: Bearer TOKEN`, compared in constant time. */
export async function guardByToken(scope: FastifyInstance, token: string): Promise<void> {
  await scope.register(bearerAuth, { keys: [token], addHook: false, verifyErrorLogLevel: 'warn' });
  const verify = scope.verifyBearerAuth;
  if (!verify) throw new Error('@fastify/bearer-auth did not register');
  scope.addHook('onRequest', verify);
}

/**
 * A page in a browser on this machine can reach the loopback too, and pass for the same origin by
 * pointing a name of its own here. Its requests carry that name, so only our own names are answered.
 */
export function guardByHostHeader(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (isOwnName(request)) return done();
    done(
      new HttpError(403, 'Forbidden', `this is not ${request.headers.host ?? 'a host without a name'}`, {
        hint: 'use 127.0.0.1 or localhost, or start the control worker with a token',
      }),
    );
  });
}

function isOwnName(request: FastifyRequest): boolean {
  const url = URL.parse(`http://${request.headers.host ?? ''}`);
  if (!url || url.pathname !== '/') return false;
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0;
}
