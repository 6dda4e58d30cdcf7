/** A proxy before an API server that refuses WebSockets, as one that has too much to do does, or falls silent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { loadKubernetes } from '../../../src/hosts/pod/client';

export interface RefusingProxy {
  /** Leads through it. */
  kubeConfig: KubeConfig;
  /** How the next WebSockets are answered; those after them are let through. */
  refuse: number[];
  /** Lets nothing more through, and keeps every connection open. */
  silence(): void;
  /** WebSockets that were asked for. */
  readonly asked: number;
  close(): Promise<void>;
}

export async function startRefusingProxy(to: KubeConfig): Promise<RefusingProxy> {
  const { KubeConfig } = await loadKubernetes();
  const { hostname, port } = new URL(to.getCurrentCluster()?.server ?? '');
  const access: RequestOptions = {};
  await to.applyToHTTPSOptions(access);
  const { ca, cert, key } = access;
  const sockets = new Set<Socket>();
  const refuse: number[] = [];
  let asked = 0;
  const server = createServer((_request, response) => response.writeHead(501).end());
  server.on('upgrade', ({ method, url, rawHeaders }, client: Socket, head: Buffer) => {
    asked++;
    const code = refuse.shift();
    if (code !== undefined) {
      client.end(`HTTP/1.1 ${code} Refused\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect({ host: hostname, port: Number(port), ca, cert, key }, () => {
      const headers = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
      upstream.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubeConfig = new KubeConfig();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeConfig.loadFromClusterAndUser(
    { name: 'proxied', server: address, skipTLSVerify: true },
    { name: 'nobody' },
  );
  return {
    kubeConfig,
    refuse,
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    get asked() {
      return asked;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
