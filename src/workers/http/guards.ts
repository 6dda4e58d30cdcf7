import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isIP } from 'node:net';
import type { Role } from '../../api/operation-view';
import { TidemarkError } from '../../model/errors';
import { HttpError } from './errors';
import { isLoopback, type ListenAddress } from './listen';
import type { Access, Tokens } from './tokens';

/** Of a request that came without a token, where none is needed to read. */
const ANYBODY: Access = { name: null, roles: ['read'] };

const accesses = new WeakMap<FastifyRequest, Access>();

/** Who asks, as the token of a guarded route says. */
export function accessOf(request: FastifyRequest): Access {
  return accesses.get(request) ?? { name: null, roles: [] };
}

/** @throws HttpError 403 where the token does not allow it */
export function requireRole(request: FastifyRequest, role: Role): Access {
  const access = accessOf(request);
  if (access.roles.includes(role)) return access;
  const who = access.name === null ? 'a request without a token' : `token ${access.name}`;
  throw new HttpError(403, 'Forbidden', `${who} may not ${role}`, {
    hint: `give a token with the role ${role}: the file of --tokens says which there are`,
  });
}

/** @throws TidemarkError `AuthRejected` where other machines could reach it and there is no token. */
export function requireTokens(listen: ListenAddress, tokens: Tokens): void {
  if (!tokens.isEmpty || isLoopback(listen.host)) return;
  throw new TidemarkError('AuthRejected', `the HTTP API does not listen on ${listen.host} without a token`, {
    hint: 'set TIDEMARK_TOKEN, or give --tokens FILE, or listen on 127.0.0.1',
  });
}

/** Every route of this scope wants `Authorization: Bearer TOKEN`, compared in constant time; where there are none, all may read. */
export async function guardByTokens(scope: FastifyInstance, tokens: Tokens): Promise<void> {
  await scope.register(bearerAuth, {
    keys: [],
    addHook: false,
    verifyErrorLogLevel: 'debug',
    auth: (token, request) => {
      const access = tokens.find(token);
      if (access) accesses.set(request, access);
      return access !== undefined;
    },
  });
  const verify = scope.verifyBearerAuth;
  if (!verify) throw new Error('@fastify/bearer-auth did not register');
  scope.addHook('onRequest', (request, reply, done) => {
    if (!tokens.isEmpty) return void verify(request, reply, done);
    accesses.set(request, ANYBODY);
    done();
  });
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

/** @throws TidemarkError `AuthRejected` where anybody could have relationships do something */
export function requireTokensForActions(allowActions: boolean, tokensPath: string | undefined): void {
  if (!allowActions || tokensPath !== undefined) return;
  throw new TidemarkError('AuthRejected', 'actions by HTTP are not allowed without tokens that have roles', {
    hint: 'give --tokens FILE, or leave out --allow-actions',
  });
}
