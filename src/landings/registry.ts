/** The open landings of one host: a file for each, and their lines in `authorized_keys`. */
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

/** Where the lines go. */
export interface KeyLines {
  /** @throws TidemarkError `InvalidSpec` for a request that no line can carry. */
  make(request: LandingRequest): Promise<string>;
  /** Exactly these, in place of those of before. */
  write(lines: readonly string[]): Promise<void>;
}

/** The lines of an agent's own sshd: a file that holds nothing else. */
const makeOwnFile = (host: Host): KeyLines => ({
  make: async (request) => makeAuthorizedKeyLine(request),
  write: (lines) =>
    host.files.write(authorizedKeysPath(host.home), lines.map((line) => `${line}\n`).join(''), 0o600),
});

const folderOf = (home: string) => `${home}/landings`;
const fileOf = (home: string, id: string) => `${folderOf(home)}/${encodeURIComponent(id)}.json`;

interface Entry {
  request: LandingRequest;
  line: string;
}

async function loadEntries(host: Host, keys: KeyLines): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (const name of await host.files.list(folderOf(host.home))) {
    const text = await host.files.read(`${folderOf(host.home)}/${name}`);
    const request = parseRequest(text);
    if (request) entries.set(request.id, { request, line: await keys.make(request) });
    else await host.files.remove(`${folderOf(host.home)}/${name}`);
  }
  return entries;
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
export async function openRegistry(host: Host, keys: KeyLines = makeOwnFile(host)): Promise<LandingRegistry> {
  const entries = await loadEntries(host, keys);
  let queue: Promise<unknown> = Promise.resolve();

  const writeKeys = () => keys.write([...entries.values()].map(({ line }) => line));
  /** One change at a time, or two writers would each leave out the other's key. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = queue.then(change);
    queue = done.catch(() => undefined);
    return done;
  };
  const drop = async (ids: readonly string[]) => {
    for (const id of ids) entries.delete(id);
    await writeKeys();
    for (const id of ids) await host.files.remove(fileOf(host.home, id));
  };
  const registry: LandingRegistry = {
    put: (request) =>
      inTurn(async () => {
        const line = await keys.make(request);
        await host.files.write(fileOf(host.home, request.id), JSON.stringify(request), 0o600);
        entries.set(request.id, { request, line });
        await writeKeys();
      }),
    remove: (id) => inTurn(() => (entries.has(id) ? drop([id]) : Promise.resolve())),
    removeExpired: (now) =>
      inTurn(async () => {
        const all = [...entries.values()].map(({ request }) => request);
        const expired = all.filter(({ expiresAt }) => new Date(expiresAt) <= now);
        if (expired.length > 0) await drop(expired.map(({ id }) => id));
        return expired.length;
      }),
  };
  await inTurn(writeKeys);
  await registry.removeExpired(new Date());
  return registry;
}
