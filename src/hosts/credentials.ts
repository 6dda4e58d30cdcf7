/** What reaches a store, by the name that specs call it: files of the agent's own folder, which nobody else may read. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { TidemarkError } from '../model/errors';
import type { Credentials } from './contract';
import { isRcloneConfig, toVariables } from './rclone-config';

/**
 * @param folder undefined: the agent was started with none
 * @param host as users call it, for messages
 */
export function makeCredentials(host: string, folder: string | undefined): Credentials {
  const fail = (message: string, hint: string, cause?: unknown) =>
    new TidemarkError('AuthRejected', message, { host, hint }, { cause });

  /** @throws TidemarkError `AuthRejected` */
  const pathOf = async (name: string): Promise<string> => {
    if (folder === undefined) {
      throw fail(
        `credentials ${name}: this agent has none`,
        'start it with --credentials DIR, a folder of files of mode 0600',
      );
    }
    const path = join(folder, name);
    const found = await stat(path).catch((error: unknown) => {
      throw fail(`credentials ${name}: there is no file ${path}`, `put it there, with mode 0600`, error);
    });
    if (!found.isFile())
      throw fail(`credentials ${name}: ${path} is no file`, 'put a file there, with mode 0600');
    if ((found.mode & 0o077) !== 0)
      throw fail(`credentials ${name}: others may read ${path}`, `chmod 600 ${path}`);
    return path;
  };

  return {
    async readVariables(name) {
      const path = await pathOf(name);
      const text = await readFile(path, 'utf8');
      const variables = isRcloneConfig(text) ? toVariables(text) : parseEnv(text);
      if (Object.keys(variables).length > 0) return variables as Record<string, string>;
      throw fail(
        `credentials ${name}: ${path} has no line such as NAME=VALUE`,
        'write one for each variable',
      );
    },
  };
}
