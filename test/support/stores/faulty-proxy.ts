/** A proxy before a store, that refuses, delays and cuts as it is told. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of a request: it is passed on, or answered with a status, or cut after so many bytes of it, or waits. */
export type Fault =
  { status: number } | { cutAfterBytes: number } | { delayMs: number } | { until: Promise<void> } | undefined;

export interface FaultyProxy {
  url: string;
  /** Asked for each request. */
  onRequest: (method: string, path: string) => Fault;
  requests: number;
  stop: () => Promise<void>;
}

const SLOW_DOWN =
  '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

function passOn(
  port: number,
  incoming: IncomingMessage,
  answer: ServerResponse,
  cutAfterBytes = Infinity,
): void {
  const { method, url, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers }, (answered) => {
    answer.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(answer);
  });
  let passed = 0;
  incoming.on('data', (chunk: Buffer) => {
    passed += chunk.length;
    if (passed > cutAfterBytes) {
      incoming.destroy();
      outgoing.destroy();
    } else outgoing.write(chunk);
  });
  incoming.on('end', () => outgoing.end());
  outgoing.on('error', () => answer.destroy());
  incoming.on('error', () => outgoing.destroy());
}

/** @param port of the store, on the loopback */
export async function startFaultyProxy(port: number, at: number): Promise<FaultyProxy> {
  const server = createServer((incoming, answer) => {
    proxy.requests++;
    const fault = proxy.onRequest(incoming.method ?? '', incoming.url ?? '');
    if (fault && 'status' in fault) {
      incoming.resume();
      answer.writeHead(fault.status, { 'content-type': 'application/xml' }).end(SLOW_DOWN);
      return;
    }
    if (fault && ('delayMs' in fault || 'until' in fault)) {
      const waited = 'delayMs' in fault ? sleep(fault.delayMs) : fault.until;
      void waited.then(() => passOn(port, incoming, answer));
      return;
    }
    passOn(port, incoming, answer, fault?.cutAfterBytes);
  });
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${at}`,
    onRequest: () => undefined,
    requests: 0,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((listening) => server.listen(at, '127.0.0.1', listening));
  return proxy;
}
