/** restic as the set-up built it, and repositories of tests. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Programs that this process starts, and all that they start, find it by its name. */
export function addResticToPath(): void {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidemark', 'bin');
  const folder = join(cache, 'restic-0.18.1');
  if (!existsSync(join(folder, 'restic')))
    throw new Error('there is no restic: run the set-up (npm test does)');
  process.env.PATH = [folder, process.env.PATH ?? ''].join(delimiter);
}

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

/** restic as anybody else would run it. */
export async function restic(repository: string, password: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('restic', ['--repo', repository, ...args], {
    env: { ...process.env, RESTIC_PASSWORD: password },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
