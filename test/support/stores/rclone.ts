/** Stores that rclone serves, and rclone as anybody else would run it. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../wait-for';
import { addToPath } from './go-tools';

export const addRcloneToPath = (): void => addToPath('rclone');

export const KEYS = { id: 'tidemark-test', secret: 'tidemark-secret' };

export interface Served {
  /** As rclone.conf has it: a remote by the name of `store`. */
  config: string;
  port: number;
  stop: () => Promise<void>;
}

/** S3, its buckets in a folder. @param ip of this machine; by default the loopback's */
export async function serveS3(folder: string, port: number, ip = '127.0.0.1'): Promise<Served> {
  await mkdir(folder, { recursive: true });
  const argv = ['serve', 's3', '--config=', `--addr=${ip}:${port}`, '--vfs-cache-mode=off', folder];
  // Not among the arguments: tests look for the secret there.
  const env = { ...process.env, RCLONE_AUTH_KEY: `"${KEYS.id},${KEYS.secret}"` };
  const server = spawn('rclone', argv, { stdio: 'ignore', env });
  const url = `http://${ip}:${port}`;
  await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 'the store answers');
  return { config: s3Config(url), port, stop: () => stop(server) };
}

/** S3 of another making, which keeps objects as files too: https://github.com/versity/versitygw. */
export async function serveVersity(folder: string, port: number): Promise<Served> {
  addToPath('versitygw');
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, ROOT_ACCESS_KEY: KEYS.id, ROOT_SECRET_KEY: KEYS.secret };
  const server = spawn('versitygw', [`--port=127.0.0.1:${port}`, 'posix', folder], { stdio: 'ignore', env });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 'the store answers');
  return { config: s3Config(url), port, stop: () => stop(server) };
}

/** @param keys others than the store's are refused by it */
export const s3Config = (url: string, keys = KEYS): string =>
  [
    '[store]',
    'type = s3',
    'provider = Other',
    `access_key_id = ${keys.id}`,
    `secret_access_key = ${keys.secret}`,
    `endpoint = ${url}`,
    '',
  ].join('\n');

/** WebDAV on the loopback: a store that keeps no times of files' own. */
export async function serveWebdav(folder: string, port: number): Promise<Served> {
  await mkdir(folder, { recursive: true });
  const argv = ['serve', 'webdav', '--config=', `--addr=127.0.0.1:${port}`, '--user=u', '--pass=p', folder];
  const server = spawn('rclone', argv, { stdio: 'ignore', env: process.env });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 'the store answers');
  const { stdout: pass } = await promisify(execFile)('rclone', ['obscure', 'p'], { env: process.env });
  const lines = [
    '[store]',
    'type = webdav',
    'vendor = other',
    `url = ${url}`,
    'user = u',
    `pass = ${pass.trim()}`,
  ];
  return { config: `${lines.join('\n')}\n`, port, stop: () => stop(server) };
}

async function stop(server: ReturnType<typeof spawn>): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((done) => server.once('exit', done));
  server.kill();
  await gone;
}

/** A configuration among an agent's credentials. */
export async function writeConfig(folder: string, name: string, config: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), config, { mode: 0o600 });
}

/** rclone as anybody else would run it, with a configuration of this text. */
export async function rclone(folder: string, config: string, ...args: string[]): Promise<string> {
  const path = join(folder, 'others.conf');
  await writeFile(path, config, { mode: 0o600 });
  const { stdout } = await promisify(execFile)('rclone', [`--config=${path}`, ...args], {
    maxBuffer: 2 ** 26,
    env: process.env,
  });
  return stdout;
}
