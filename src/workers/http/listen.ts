import type { FastifyInstance } from 'fastify';
import { BlockList, isIP } from 'node:net';
import { TidemarkError } from '../../model/errors';

/** Where to listen; port 0 takes any that is free. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** What was started. */
export interface Listening {
  /** `http://HOST:PORT`, with the port that it got. */
  address: string;
  /** Ends it: no new connections, and those that are there are cut. */
  close(): Promise<void>;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach what listens there. A name other than `localhost` may be anything. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** `HOST:PORT` or `[IPV6]:PORT`. @throws TidemarkError `InvalidSpec` */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new TidemarkError('InvalidSpec', `not an address to listen on: ${text}`, {
      hint: 'write HOST:PORT, for example 127.0.0.1:7480 or [::1]:7480',
    });
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** @throws TidemarkError `ToolFailed` where the port is taken, or the address is not of this machine. */
export async function listenOn(app: FastifyInstance, listen: ListenAddress): Promise<Listening> {
  try {
    const address = await app.listen({ host: listen.host, port: listen.port });
    return { address, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw explainListen(error, listen);
  }
}

function explainListen(error: unknown, { host, port }: ListenAddress): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const explain = (problem: string, hint: string) =>
    new TidemarkError('ToolFailed', problem, { toolMessage: message, hint }, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return explain(
        `port ${port} of ${host} is taken by another process`,
        'end that process, or choose another port',
      );
    case 'EACCES':
      return explain(`port ${port} of ${host} may not be listened on`, 'choose a port above 1023');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return explain(
        `${host} is not an address of this machine`,
        'choose one of its own, for example 127.0.0.1',
      );
    default:
      return error;
  }
}
