import { createServer } from 'node:net';

/**
 * Below the ports that the kernel hands out by itself (32768 on): an outgoing connection, or somebody who
 * asks for any port, never takes one of these.
 */
const FIRST = 20_000;
const LAST = 27_000;

/** Resolves to false where somebody listens there already. Never keeps this process alive. */
function listenFor(
  where: { path: string } | { port: number; host: string },
): Promise<(() => Promise<void>) | undefined> {
  const server = createServer();
  server.unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ ...where, exclusive: true }, () =>
      resolve(() => new Promise((closed) => server.close(() => closed()))),
    );
  });
}

/**
 * Takes a name for this process until it ends, however that ends: an abstract socket, which leaves nothing
 * behind. False where another process of this machine has it.
 */
export async function reserve(name: string): Promise<boolean> {
  return (await listenFor({ path: `\0tidemark-test/${name}` })) !== undefined;
}

/** Nobody listens on it, on any address: a server that had it may still run after its test was killed. */
async function isFree(port: number): Promise<boolean> {
  const close = await listenFor({ port, host: '0.0.0.0' });
  await close?.();
  return close !== undefined;
}

/**
 * Free TCP ports that are this test process's alone until it ends. A port that was only looked for may be
 * taken by another suite before it is used, or while what listens there is started again.
 */
export async function reservePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const size = LAST - FIRST;
  const start = Math.floor(Math.random() * size);
  for (let step = 0; step < size && ports.length < count; step++) {
    const port = FIRST + ((start + step) % size);
    if ((await reserve(`port/${port}`)) && (await isFree(port))) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no port between ${FIRST} and ${LAST} is free`);
  return ports;
}
