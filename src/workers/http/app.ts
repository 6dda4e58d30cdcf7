import swagger from '@fastify/swagger';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Server } from 'node:https';
import type { HostsSource } from '../hosts-seen';
import type { MetricsSource } from '../metrics';
import { CATALOG_ALONE } from '../fleet/known-states';
import type { StatesSource } from '../fleet/known-states';
import { type FleetSource, NO_FLEET } from '../fleet/fleet';
import { answerError, answerNotFound } from './errors';
import { eventRoutes } from './event-routes';
import { fleetRoutes } from './fleet-routes';
import { actionRoutes } from './action-routes';
import { Certificates, type TlsFiles } from './certificates';
import { guardByHostHeader, guardByTokens, requireTokens, requireTokensForActions } from './guards';
import { listenOn, type ListenAddress, type Listening } from './listen';
import { oneRoutes, operationRoutes } from './operation-routes';
import { NO_OPERATIONS, type OperationsSource } from './operations';
import { PAGE_FOLDER, readPage } from './page';
import { Tokens } from './tokens';
import { noticesRoutes } from './notices-routes';
import type { NotifySource } from '../notify/overview';
import { healthRoute, otherRoutes, relationshipRoutes, type Sources } from './routes';

export interface HttpOptions {
  catalog: Sources['catalog'];
  /** Which agents are there. */
  temporal: HostsSource;
  /** What relationships say of themselves. */
  states?: StatesSource;
  /** How they all are. */
  fleet?: FleetSource;
  /** Who is told of what; left out: nobody is. */
  notify?: NotifySource | undefined;
  metrics: MetricsSource;
  listen: ListenAddress;
  /** Wanted of every request but `/healthz`, where there is one; it may read alone. */
  token?: string | undefined;
  /** The file of tokens with names and roles. One of both is needed where `listen` is not the loopback. */
  tokensPath?: string | undefined;
  /** Tokens with a role may have relationships do something. */
  allowActions?: boolean;
  /** What asks relationships themselves. */
  operations?: OperationsSource;
  tls?: TlsFiles;
  /** Where the built page lies; by default that of this tree. */
  pageFolder?: string;
  logger?: FastifyBaseLogger;
}

/** The API, not listening yet. @throws TidemarkError `AuthRejected` where a token is needed. */
export async function makeHttpApp(options: HttpOptions): Promise<FastifyInstance> {
  const token = options.token?.trim() || undefined;
  const tokens = new Tokens(token, options.tokensPath, options.logger);
  requireTokens(options.listen, tokens);
  const { allowActions = false, operations = NO_OPERATIONS, fleet = NO_FLEET } = options;
  requireTokensForActions(allowActions, options.tokensPath);
  const tls = options.tls && new Certificates(options.tls, options.logger);
  const app = fastify({
    ...(tls && { https: tls.read() }),
    ...(options.logger && { loggerInstance: options.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // Longer than any name may be: what is wrong with one is said by its own schema.
    routerOptions: { maxParamLength: 10_000 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    void reply.header('x-content-type-options', 'nosniff');
    done();
  });
  if (tls) tls.keepFresh(app.server as unknown as Server);
  if (tokens.isEmpty) guardByHostHeader(app);
  await describeApi(app, !tokens.isEmpty);
  const { catalog, temporal: hosts, states = CATALOG_ALONE, metrics } = options;
  const sources: Sources = { catalog, hosts, states, metrics };
  await app.register(healthRoute(sources));
  const page = await readPage(options.pageFolder ?? PAGE_FOLDER);
  if (page) await app.register(page);
  await app.register(async (scope) => {
    await guardByTokens(scope, tokens);
    await scope.register(relationshipRoutes(sources));
    await scope.register(eventRoutes(sources));
    await scope.register(otherRoutes(sources));
    await scope.register(fleetRoutes(fleet));
    await scope.register(oneRoutes({ operations, fleet }));
    await scope.register(operationRoutes({ operations, fleet }));
    await scope.register(actionRoutes({ operations, allowActions }));
    await scope.register(noticesRoutes(options.notify));
  });
  await app.ready();
  return app;
}

async function describeApi(app: FastifyInstance, withToken: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tidemark',
        description: 'What the control worker knows.',
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(withToken && { security: [{ token: [] }] }),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
}

/**
 * Starts the API of the control worker.
 * @throws TidemarkError `AuthRejected` without a token off the loopback; `ToolFailed` where the port is taken.
 */
export async function startHttp(options: HttpOptions): Promise<Listening> {
  return await listenOn(await makeHttpApp(options), options.listen);
}
