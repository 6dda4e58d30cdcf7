/** TCP ports of this machine. */
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
