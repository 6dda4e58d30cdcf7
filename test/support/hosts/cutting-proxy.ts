/** A link that can be cut or silenced after so many bytes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect, type Socket } from 'node:net';

export interface CuttingProxy {
  port: number;
  /** From client to server, over all connections. */
  bytesSent(): number;
  close(): Promise<void>;
}

/**
 * Forwards to `port` on loopback, from a port of its own or from `listen`. The first connection that has sent `cutAfter` bytes is cut, or
 * from then on carries nothing more and stays open; later ones are left alone.
 */
export async function startCuttingProxy(
  port: number,
  { cutAfter, how, listen = 0 }: { cutAfter: number; how: 'cut' | 'silence'; listen?: number },
): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let sent = 0;
  let isDone = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) track(socket);
    client.on('data', (chunk) => {
      sent += chunk.length;
      if (!isDone && sent > cutAfter) {
        isDone = true;
        if (how === 'silence') {
          client.removeAllListeners('data').pause();
          upstream.removeAllListeners('data').pause();
        } else {
          client.destroy();
          upstream.destroy();
        }
      } else if (!upstream.write(chunk)) {
        client.pause();
        upstream.once('drain', () => client.resume());
      }
    });
    upstream.on('data', (chunk) => void client.write(chunk));
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
  });
  server.listen(listen, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    bytesSent: () => sent,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
