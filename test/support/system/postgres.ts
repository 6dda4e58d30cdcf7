import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { reservePorts } from '../hosts/ports';

const run = promisify(execFile);
/** Where Debian keeps the programs of PostgreSQL. */
const PROGRAMS = process.env['TIDEMARK_TEST_PG_BIN'] ?? '/usr/lib/postgresql/15/bin';
const START_TIMEOUT_MS = 60_000;

/** A PostgreSQL cluster of its own, on a free port of the loopback. */
export interface TestPostgres {
  port: number;
  user: string;
  password: string;
  /** The URL of a fresh database that `user` owns; every call makes another. */
  makeDatabase(): Promise<string>;
  /** SQL as superuser, in any database. */
  execute(statement: string, database?: string): Promise<void>;
  /** Ends it without a shutdown, as a crash would, and starts it again. */
  crashAndRestart(): Promise<void>;
  crash(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes a cluster in a temporary folder and starts it. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-pg-'));
  const account = await serverAccount();
  if (account) await chown(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const initdb = [
    '-D',
    data,
    '-U',
    'super',
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '-E',
    'UTF8',
    '--no-sync',
  ];
  await run(join(PROGRAMS, 'initdb'), initdb, { ...account, cwd: folder });
  const [port] = (await reservePorts(1)) as [number];
  const user = 'tidemark';
  const password = 'pass word/with:specials@';
  let databases = 0;

  const execute = async (statement: string, database = 'postgres') => {
    const client = new Client({ host: folder, port, user: 'super', database });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const start = async (): Promise<ChildProcess> => {
    const argv = [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      folder,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'fsync=off',
    ];
    const server = spawn(join(PROGRAMS, 'postgres'), argv, { ...account, cwd: folder, stdio: 'ignore' });
    await waitUntilReady(() => execute('select 1'), server);
    return server;
  };
  let server = await start();
  const crash = () => end(server, 'SIGQUIT');
  const restart = async () => {
    server = await start();
  };
  await execute(`create role ${user} login password '${password}'`);
  return {
    port,
    user,
    password,
    execute,
    async makeDatabase() {
      const database = `catalog_${++databases}`;
      await execute(`create database ${database} owner ${user}`);
      return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
    },
    async crashAndRestart() {
      await crash();
      await restart();
    },
    crash,
    restart,
    async stop() {
      await end(server, 'SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function serverAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  if (!uid || !gid) throw new Error('there is no account `postgres` to run PostgreSQL as');
  return { uid, gid };
}

async function waitUntilReady(probe: () => Promise<void>, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill(signal);
  await exited;
}
