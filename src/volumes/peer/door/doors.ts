/** The doors of one agent: each an sshd for one folder, kept open from its first claim until its relationship is gone. */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../hosts/contract';
import { type KeptSshd, keepSshd } from '../../../landings/keep-sshd';
import { parseDoor } from '../../../model/doors';
import { TidemarkError } from '../../../model/errors';
import type { Volume } from '../../../model/records';
import type { AgentNews } from '../../contract';
import { withLock } from '../../shared/lock';
import { shortHash } from '../../shared/short-hash';
import { makeDoorLines, parsePublicKeys } from '../../../landings/door-keys';
import {
  type DoorNote,
  doorPath,
  parseDoorNote,
  parsePushState,
  readersPath,
  statePath,
  takenPath,
} from './notes';
import { READS } from './hold';

const MAIN = join(__dirname, '..', '..', '..', '..', 'dist', 'volumes', 'peer', 'door', 'main.js');
const TEND_MS = 2000;

const lockOf = (door: string) => `door:${door}`;

const foldersOf = ({ home }: Pick<Host, 'home'>) => join(home, 'doors');

/** Where what is kept of a door lies. */
export const doorFolder = (host: Pick<Host, 'home'>, url: string): string =>
  join(foldersOf(host), shortHash(url));

/** Marks whatever is pushed at a door. */
export const attemptAt = (door: string): string => `door:${door}`;

/** What a spec says of a door. */
export function saidOf({ options = {} }: Volume): Pick<DoorNote, 'signal' | 'credentials'> {
  const { signal, credentials } = options;
  return { ...(signal !== undefined && { signal }), ...(credentials !== undefined && { credentials }) };
}

/** A key that the agent made for whoever pushes, where the spec names none. */
export const madeKey = (door: string): string => join(door, 'pusher-key');

/** The notes of every door of this agent, by their folders. */
export async function listDoors({ files, home }: Host): Promise<(DoorNote & { door: string })[]> {
  const found = await Promise.all(
    (await files.list(foldersOf({ home }))).map(async (name) => {
      const door = join(foldersOf({ home }), name);
      const note = parseDoorNote(await files.read(doorPath(door)));
      return note ? [{ ...note, door }] : [];
    }),
  );
  return found.flat();
}

interface Open {
  sshd: KeptSshd;
  /** What it shows itself by: a host key of the user's own, as it was read. */
  hostKey: string | undefined;
  watcher: FSWatcher;
}

const isReader = (name: string) => name.startsWith(READS);

export class Doors {
  private readonly open = new Map<string, Open>();
  /** Of all that are to be open. */
  private readonly known = new Set<string>();
  private readonly told = new Map<string, string>();
  private readonly stopping = new AbortController();
  private news: AgentNews | undefined;

  constructor(private readonly host: Host) {}

  /** True while its sshd listens. */
  isOpen(door: string): boolean {
    return this.open.has(door);
  }

  /** True where one of these doors listens there. */
  isAt(address: string, port: number): boolean {
    return [...this.open.values()].some(({ sshd }) => sshd.port === port && sshd.address === address);
  }

  /** What whoever pushes has to know: the user, and what is to be pinned. Undefined while it is not open. */
  keysOf(door: string): { user: string; hostKeys: string[] } | undefined {
    return this.open.get(door)?.sshd.setup;
  }

  /** As a former life of this agent left them, and as their relationships have them now. */
  async start(news: AgentNews): Promise<void> {
    this.news = news;
    const { files } = this.host;
    for (const { door, ...note } of await listDoors(this.host)) {
      // Whoever read in the middle of that life reads no more; a sync that did, goes on.
      const readers = await files.list(readersPath(door));
      for (const name of readers.filter(isReader)) await files.remove(join(readersPath(door), name));
      this.known.add(door);
      void this.catchUp(note, door, new Set(readers.filter((name) => !isReader(name))), news);
    }
    void this.tend();
  }

  /** What is pushed just now goes on. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.known].map((door) => withLock(lockOf(door), () => this.shut(door))));
  }

  /** Opens a door, or has an open one go by what is said of it now. Idempotent. @throws TidemarkError */
  async ensure(note: DoorNote): Promise<void> {
    const { host } = this;
    const door = doorFolder(host, note.url);
    await withLock(lockOf(door), async () => {
      await host.files.mkdir(door, 0o700);
      const text = JSON.stringify(note);
      if ((await host.files.read(doorPath(door))) !== text) await host.files.write(doorPath(door), text);
      this.known.add(door);
      await this.listen(door, note);
    });
    await this.look(door);
  }

  /** Nobody pushes there any more, and what is pushed now ends. */
  async close(note: DoorNote, why: string): Promise<void> {
    const door = doorFolder(this.host, note.url);
    await withLock(lockOf(door), async () => {
      await this.host.files.write(doorPath(door), JSON.stringify({ ...note, closed: why }));
      await this.host.endAttempts(attemptAt(door));
    });
  }

  /** It is no more. What was pushed stays. */
  async remove(url: string): Promise<void> {
    const door = doorFolder(this.host, url);
    await withLock(lockOf(door), async () => {
      this.known.delete(door);
      await this.shut(door);
      await this.host.endAttempts(attemptAt(door));
      await this.host.files.remove(door);
    });
  }

  private async shut(door: string): Promise<void> {
    const open = this.open.get(door);
    this.open.delete(door);
    open?.watcher.close();
    await open?.sshd.stop();
  }

  /** What was changed or deleted while the agent was away holds from now on. */
  private async catchUp(
    note: DoorNote,
    door: string,
    readers: ReadonlySet<string>,
    news: AgentNews,
  ): Promise<void> {
    const found = await news.findVolume(note.relationship, note.url);
    try {
      switch (found?.is) {
        case 'named': {
          const { signal: _signal, credentials: _credentials, ...rest } = note;
          if (note.closed === undefined) await this.ensure({ ...rest, ...saidOf(found.volume) });
          // Those of syncs that ended while nobody was here to be told.
          if (found.isIdle)
            for (const name of readers) await this.host.files.remove(join(readersPath(door), name));
          return;
        }
        case 'dropped':
          await this.remove(note.url);
          // It may have another one here by now.
          return news.syncIsDue(note.relationship);
        case 'deleted':
          return await this.remove(note.url);
        case 'unheard-of': {
          if (note.closed !== undefined) return;
          const why = `nobody copies what is pushed here: there is no relationship ${note.relationship} any more`;
          return await this.close(note, why);
        }
        case undefined:
      }
    } catch {
      // The next sync finds it, or the next life of the agent.
    }
  }

  /** Looks again and again: a key that was taken out lets nobody in any more, and what could not be opened is tried once more. */
  private async tend(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      // Whoever syncs is told why.
      await Promise.all([...this.known].map((door) => this.tendTo(door).catch(() => undefined)));
      await sleep(TEND_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async tendTo(door: string): Promise<void> {
    const isOpened = await withLock(lockOf(door), async () => {
      const note = parseDoorNote(await this.host.files.read(doorPath(door)));
      if (!note || !this.known.has(door)) return false;
      const wasOpen = this.open.has(door);
      await this.listen(door, note);
      return !wasOpen;
    });
    if (isOpened) await this.look(door);
  }

  private async listen(door: string, note: DoorNote): Promise<void> {
    const { address, port } = parseDoor(note.url) ?? {};
    if (address === undefined || port === undefined) throw new Error(`not a door: ${note.url}`);
    if (this.stopping.signal.aborted) return;
    const given = await this.writeKeys(door, note.credentials);
    const hostKey = given && (await this.host.files.read(given));
    const open = this.open.get(door);
    if (open && open.hostKey === hostKey) return;
    await this.shut(door);
    const options = { listenAddress: address, port, ...(given !== undefined && { hostKey: given }) };
    const sshd = await keepSshd({ ...this.host, home: door }, options);
    const watcher = watch(door, (_, name) => {
      if (name === 'state') void this.look(door);
    });
    // A folder that is gone is told of by whoever looks into it next.
    watcher.on('error', () => undefined);
    this.open.set(door, { sshd, hostKey, watcher });
  }

  /**
   * Lets in whoever is to be let in, and nobody else: nobody at all where that can't be known.
   * @returns where the host key is that the user gave it
   */
  private async writeKeys(door: string, credentials: string | undefined): Promise<string | undefined> {
    const { files } = this.host;
    await files.mkdir(join(door, 'sshd'), 0o700);
    const path = join(door, 'sshd', 'authorized_keys');
    const write = async (lines: string) => {
      if ((await files.read(path)) !== lines) await files.write(path, lines, 0o600);
    };
    try {
      const given = credentials === undefined ? undefined : await this.credentialsOf(credentials);
      const keys = given
        ? parsePublicKeys((await files.read(given.authorizedKeys)) ?? '', given.authorizedKeys)
        : [await this.makeKey(door)];
      await write(makeDoorLines(keys, attemptAt(door), [process.execPath, MAIN, door]));
      return given?.hostKey;
    } catch (error) {
      await write('');
      throw error;
    }
  }

  private async makeKey(door: string): Promise<string> {
    const { files } = this.host;
    const path = madeKey(door);
    const there = await files.read(`${path}.pub`);
    if (there !== undefined && (await files.stat(path))) return there.trim();
    const line = await files.makeKeyPair(path);
    await files.write(`${path}.pub`, `${line.trim()}\n`);
    return line.trim();
  }

  async credentialsOf(name: string) {
    const { credentials } = this.host;
    if (credentials) return await credentials.findDoorKeys(name);
    throw new TidemarkError('AuthRejected', `credentials ${name}: this agent has none`, {
      ...{ host: this.host.name, hint: 'start it with --credentials DIR' },
    });
  }

  /** A push that was completed, and that no sync has read yet, is told of; once in each life of the agent. */
  private async look(door: string): Promise<void> {
    const { files } = this.host;
    const [state, taken, note] = await Promise.all([
      files.read(statePath(door)).then(parsePushState),
      files.read(takenPath(door)),
      files.read(doorPath(door)).then(parseDoorNote),
    ]);
    if (state?.state !== 'complete' || !note || note.closed !== undefined) return;
    if (state.at === taken || state.at === this.told.get(door)) return;
    if (!this.news) return;
    this.told.set(door, state.at);
    this.news.syncIsDue(note.relationship);
  }
}
