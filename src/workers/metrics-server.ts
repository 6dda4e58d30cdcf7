import fastify from 'fastify';
import type { Registry } from 'prom-client';
import { answerNotFound } from './http/errors';
import { listenOn, type ListenAddress, type Listening } from './http/listen';
import { makeMetricsSource } from './metrics';

/**
 * Serves `/metrics`, and nothing else, for a worker without an API of its own.
 * @throws TidemarkError `ToolFailed` where the port is taken.
 */
export async function startMetricsServer(options: {
  registry: Registry;
  /** `HOST:PORT` of the SDK's own metrics. */
  sdkMetricsAddress?: string;
  listen: ListenAddress;
}): Promise<Listening> {
  const source = makeMetricsSource(options.registry, options.sdkMetricsAddress);
  const app = fastify({ forceCloseConnections: true });
  app.setNotFoundHandler(answerNotFound);
  app.get('/metrics', async (_request, reply) => reply.type(source.contentType).send(await source.text()));
  return await listenOn(app, options.listen);
}
