/** restic as the set-up built it, and repositories of tests. */
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../wait-for';
import { addToPath, findGoTool } from './go-tools';

export const addResticToPath = (): void => addToPath('restic');

/** A credentials folder of an agent, with a password by this name. */
export async function writeCredentials(
  folder: string,
  name: string,
  variables: Record<string, string>,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const lines = Object.entries(variables).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(folder, name), lines.join(''), { mode: 0o600 });
  return folder;
}

/**
 * A server of restic's REST protocol, for a user `u` with password `p`.
 * @param ip of this machine; by default the loopback's
 */
export async function serveRest(
  folder: string,
  port: number,
  ip = '127.0.0.1',
): Promise<{ url: string; stop: () => Promise<void> }> {
  const argv = ['serve', 'restic', '--addr', `${ip}:${port}`, '--user', 'u', '--pass', 'p', folder];
  const server = spawn(findGoTool('rclone'), argv, { stdio: 'ignore' });
  const url = `http://${ip}:${port}/`;
  await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 'the store answers');
  return {
    url: `rest:${url}wiki`,
    async stop() {
      const gone = new Promise((done) => server.once('exit', done));
      server.kill();
      await gone;
    },
  };
}

/** Writes over some bytes of the largest pack of a repository that is a folder. Answers which, and how to mend it. */
export async function damagePack(repository: string): Promise<{ pack: string; mend: () => Promise<void> }> {
  const entries = await readdir(join(repository, 'data'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const sized = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
  const path = sized.toSorted((one, other) => other.size - one.size)[0]?.path ?? '';
  const whole = await readFile(path);
  const damaged = Buffer.from(whole);
  damaged.fill('x', Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 64);
  // restic makes it read-only.
  const put = async (bytes: Buffer) => {
    await chmod(path, 0o600);
    await writeFile(path, bytes);
  };
  await put(damaged);
  return { pack: basename(path), mend: () => put(whole) };
}

/** restic as anybody else would run it, with the patience to wait for what goes on when a sync has ended. */
export async function restic(repository: string, password: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('restic', ['--repo', repository, '--retry-lock=1m', ...args], {
    env: { ...process.env, RESTIC_PASSWORD: password },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
