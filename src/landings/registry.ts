/** The open landings of one host: a file for each, and `authorized_keys` made from them all. */
import type { Host } from '../hosts/contract';
import { makeAuthorizedKeyLine } from './authorized-keys';
import type { LandingRequest } from './contract';

export interface LandingRegistry {
  /** Adds, or replaces what has the same id; the key is accepted once this settles. */
  put(request: LandingRequest): Promise<void>;
  /** The key is accepted no longer once this settles. Nothing there is not an error. */
  remove(id: string): Promise<void>;
  /** Removes what has expired. Returns how many. */
  removeExpired(now: Date): Promise<number>;
}

/** Where sshd looks for keys. */
export function authorizedKeysPath(home: string): string {
  return `${home}/sshd/authorized_keys`;
}

const folderOf = (home: string) => `${home}/landings`;
const fileOf = (home: string, id: string) => `${folderOf(home)}/${encodeURIComponent(id)}.json`;

async function loadRequests(host: Host): Promise<Map<string, LandingRequest>> {
  const requests = new Map<string, LandingRequest>();
  for (const name of await host.files.list(folderOf(host.home))) {
    const text = await host.files.read(`${folderOf(host.home)}/${name}`);
    const request = parseRequest(text);
    if (request) requests.set(request.id, request);
    else await host.files.remove(`${folderOf(host.home)}/${name}`);
  }
  return requests;
}

/** Undefined for what is no request: then it opens nothing. */
function parseRequest(text: string | undefined): LandingRequest | undefined {
  try {
    const request = JSON.parse(text ?? '') as LandingRequest;
    makeAuthorizedKeyLine(request);
    return request;
  } catch {
    return undefined;
  }
}

/** Takes up the landings that an earlier agent of this host left open, and closes what expired. */
export async function openRegistry(host: Host): Promise<LandingRegistry> {
  const requests = await loadRequests(host);
  let queue: Promise<unknown> = Promise.resolve();

  const writeKeys = () => {
    const lines = [...requests.values()].map((request) => `${makeAuthorizedKeyLine(request)}\n`);
    return host.files.write(authorizedKeysPath(host.home), lines.join(''), 0o600);
  };
  /** One change at a time, or two writers would each leave out the other's key. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = queue.then(change);
    queue = done.catch(() => undefined);
    return done;
  };
  const drop = async (ids: readonly string[]) => {
    for (const id of ids) requests.delete(id);
    await writeKeys();
    for (const id of ids) await host.files.remove(fileOf(host.home, id));
  };
  const registry: LandingRegistry = {
    put: (request) =>
      inTurn(async () => {
        makeAuthorizedKeyLine(request);
        await host.files.write(fileOf(host.home, request.id), JSON.stringify(request), 0o600);
        requests.set(request.id, request);
        await writeKeys();
      }),
    remove: (id) => inTurn(() => (requests.has(id) ? drop([id]) : Promise.resolve())),
    removeExpired: (now) =>
      inTurn(async () => {
        const expired = [...requests.values()].filter(({ expiresAt }) => new Date(expiresAt) <= now);
        if (expired.length > 0) await drop(expired.map(({ id }) => id));
        return expired.length;
      }),
  };
  await inTurn(writeKeys);
  await registry.removeExpired(new Date());
  return registry;
}
