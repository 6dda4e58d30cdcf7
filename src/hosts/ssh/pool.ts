/**
 * The connections to one host: kept up, reopened after a loss, and more of them where one has no
 * room for another session (`MaxSessions` of sshd).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../model/errors';
import { makeToolMissing } from '../missing-tool';
import type { Carrier, Session } from '../remote/session';
import type { Connection } from './connect';

/** sshd allows 10 by default. */
const SESSIONS_PER_CONNECTION = 9;
const MAX_BACKOFF_MS = 5000;
/** A further connection that nothing uses is ended after this long. */
const IDLE_MS = 60_000;

interface Line {
  connection: Connection;
  sessions: number;
  /** How many its server allows, as far as is known. */
  room: number;
  usedAt: number;
}

export interface Pool extends Carrier {
  /** A connection that is up. */
  connection(): Promise<Connection>;
  close(): void;
}

/** @param connect opens one connection; fails with a classified error. */
export function makePool(host: string, connect: () => Promise<Connection>): Pool {
  const lines: Line[] = [];
  let connecting: Promise<Line> | undefined;
  let failures = 0;
  let failedAt = 0;
  let isClosed = false;

  const drop = (line: Line) => {
    const index = lines.indexOf(line);
    if (index >= 0) lines.splice(index, 1);
  };
  const add = async (): Promise<Line> => {
    // A host that is down is not asked again and again at once.
    const backoffMs = failures === 0 ? 0 : Math.min(100 * 2 ** failures, MAX_BACKOFF_MS);
    const waitMs = failedAt + backoffMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (isClosed) throw new TidemarkError('HostUnreachable', 'the connection was closed', { host });
    try {
      const connection = await connect();
      failures = 0;
      const line = { connection, sessions: 0, room: SESSIONS_PER_CONNECTION, usedAt: performance.now() };
      lines.push(line);
      void connection.closed.then(() => drop(line));
      if (isClosed) connection.end();
      return line;
    } catch (error) {
      failures++;
      failedAt = performance.now();
      throw error;
    }
  };
  /** Whoever comes meanwhile waits for the same one. */
  const addOnce = (): Promise<Line> => (connecting ??= add().finally(() => (connecting = undefined)));

  let askForSession: () => boolean = () => false;
  /** Settles once a session has been given back; undefined where none can be expected to be. */
  const freeOne = (): Promise<unknown> | undefined => {
    if (lines.length === 0 || !askForSession()) return undefined;
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  const waiting: (() => void)[] = [];

  /** A line with room, its session counted already. */
  const take = async (): Promise<Line> => {
    for (;;) {
      const line = lines.find(({ sessions, room }) => sessions < room);
      if (!line) {
        await (freeOne() ?? addOnce());
        continue;
      }
      line.sessions++;
      return line;
    }
  };
  const giveBack = (line: Line) => {
    line.sessions--;
    line.usedAt = performance.now();
    waiting.shift()?.();
  };
  const endIdle = () => {
    for (const line of lines.slice(1)) {
      if (line.sessions === 0 && performance.now() - line.usedAt > IDLE_MS) {
        drop(line);
        line.connection.end();
      }
    }
  };
  const idleTimer = setInterval(endIdle, IDLE_MS);
  idleTimer.unref();

  return {
    host,
    missing: (program) => makeToolMissing(host, program),
    onFull(free) {
      askForSession = free;
    },
    async connection() {
      return (lines[0] ?? (await addOnce())).connection;
    },
    async open(command) {
      for (;;) {
        const line = await take();
        try {
          const session = await execOrAskAgain(host, line.connection, command);
          // Not before: until then, its server counts it too.
          void session.closed.then(() => giveBack(line));
          return session;
        } catch (error) {
          giveBack(line);
          if (!isRefusal(error)) throw makeLost(host, error);
          if (line.sessions === 0) throw makeRefused(host, error);
          // Its server allows fewer sessions than usual.
          line.room = line.sessions;
        }
      }
    },
    close() {
      isClosed = true;
      clearInterval(idleTimer);
      for (const { connection } of lines.splice(0)) connection.end();
    },
  };
}

const isRefusal = (error: unknown) => (error as { reason?: unknown }).reason !== undefined;

function makeRefused(host: string, cause: unknown): TidemarkError {
  const toolMessage = cause instanceof Error ? cause.message : undefined;
  return new TidemarkError(
    'HostUnreachable',
    'its SSH server lets this user run no command',
    {
      host,
      ...(toolMessage && { toolMessage }),
      hint: 'look at MaxSessions in its sshd_config: 0 forbids every command, 10 is the default',
    },
    { cause },
  );
}

/** What an operation fails with whose connection was lost: repeating it reconnects. */
function makeLost(host: string, cause?: unknown): TidemarkError {
  const toolMessage = cause instanceof Error ? cause.message : undefined;
  return new TidemarkError(
    'HostUnreachable',
    'the SSH connection was lost',
    { host, ...(toolMessage && { toolMessage }), hint: 'it resumes by itself once the host answers again' },
    { cause },
  );
}

/**
 * A refusal is asked about once more: sshd forgets a closed session only after all packets that came
 * together are handled, so one that is opened right after another was closed may be refused (OpenSSH 9.2,
 * every second time at `MaxSessions 1`). By the time its refusal is sent, the closed one is forgotten.
 */
const execOrAskAgain = (host: string, connection: Connection, command: string): Promise<Session> =>
  exec(host, connection, command).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    return exec(host, connection, command);
  });

function exec(host: string, { client }: Connection, command: string): Promise<Session> {
  let onClose: () => void = () => undefined;
  return new Promise<Session>((resolve, reject) => {
    onClose = () => reject(new Error('connection closed'));
    client.once('close', onClose);
    try {
      client.exec(command, {}, (error, channel) => {
        if (error) return reject(error);
        // At once: all of a short command's life may come in one packet.
        const session: Session = {
          channel,
          closed: new Promise((done) => channel.once('close', () => done())),
          lost: (cause) => makeLost(host, cause),
        };
        channel.once('exit', (code: number | null, signal?: string) => {
          session.ended = { code, ...(signal !== undefined && { signal }) };
        });
        channel.on('error', () => undefined);
        channel.stderr.on('error', () => undefined);
        resolve(session);
      });
    } catch (error) {
      // "Not connected"
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  }).finally(() => client.off('close', onClose));
}
