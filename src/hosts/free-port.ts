/** TCP ports of this machine. */
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';

/** A port that nobody listens on, on this address, right now. */
export async function findFreePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has no port');
  return bound.port;
}

/** Why nobody can listen there right now; undefined where one can. */
export async function canListen(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    const { address: found } = await lookup(address);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, found, resolve);
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
