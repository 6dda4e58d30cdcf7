/** Ports: the ones asked for, else the last ones, else what is free. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { ClientError } from '../client/exit-codes';
import type { UpPorts } from '../client/up-state';

export const DEFAULT_PORTS: UpPorts = { temporal: 7233, ui: 8233, http: 7733 };

const WHAT: Record<keyof UpPorts, string> = {
  temporal: 'Temporal',
  ui: "Temporal's UI",
  http: 'the HTTP API',
};
const OPTION: Record<keyof UpPorts, string> = {
  temporal: '--temporal-port',
  ui: '--ui-port',
  http: '--http-port',
};

/** How many ports after the wanted one are tried. */
const TRIES = 200;

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Inodes of the sockets that listen on a port. */
async function findInodes(port: number): Promise<Set<string>> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '0A' && local.endsWith(`:${hex}`) && inode !== undefined) inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

/** Whether it is this process that listens on a port: one that came first may be another Temporal. */
export async function isListeningOn(port: number, pid: number): Promise<boolean> {
  const inodes = await findInodes(port);
  const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const handle of handles) {
    if (inodes.has(await readlink(`/proc/${pid}/fd/${handle}`).catch(() => ''))) return true;
  }
  return false;
}

/** The process that listens on a port, like `temporal, process 4711`, where this user may know it. */
export async function findListener(port: number): Promise<string | undefined> {
  const inodes = await findInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const handle of handles) {
      const target = await readlink(`/proc/${pid}/fd/${handle}`).catch(() => '');
      if (!inodes.has(target)) continue;
      const [program = 'unknown'] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split(
        '\0',
      );
      return `${basename(program)}, process ${pid}`;
    }
  }
  return undefined;
}

async function findFree(first: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = first; port < first + TRIES && port <= 65_535; port++) {
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new ClientError('PortTaken', `no port is free from ${first} on`);
}

/**
 * Chooses a port for each service. `say` is told where it is not the usual one.
 * @throws ClientError `PortTaken` where one that was asked for is taken.
 */
export async function choosePorts(
  asked: Partial<UpPorts>,
  last: Partial<UpPorts> | undefined,
  say: (text: string) => void,
): Promise<UpPorts> {
  const chosen: Partial<UpPorts> = {};
  const taken = new Set<number>(Object.values(asked));
  for (const service of ['temporal', 'ui', 'http'] as const) {
    const wanted = asked[service] ?? last?.[service] ?? DEFAULT_PORTS[service];
    const mine = asked[service] !== undefined;
    if ((mine || !taken.has(wanted)) && (await isFree(wanted))) chosen[service] = wanted;
    else {
      const holder = await findListener(wanted);
      const problem = `port ${wanted} for ${WHAT[service]} is taken${holder === undefined ? '' : ` (by ${holder})`}`;
      if (mine)
        throw new ClientError('PortTaken', problem, {
          hint: `end that process, or give another ${OPTION[service]}`,
        });
      chosen[service] = await findFree(wanted + 1, taken);
      say(`${problem}: using ${chosen[service]}`);
    }
    taken.add(chosen[service]);
  }
  return chosen as UpPorts;
}
