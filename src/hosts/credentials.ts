/** What reaches a store or a peer, by the name that specs call it: files of the agent's own folder, which nobody else may read. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { TidemarkError } from '../model/errors';
import type { Credentials, DoorKeys, KeyFiles } from './contract';
import { isRcloneConfig, toVariables } from './rclone-config';
import { objectToSharedKey, SHARED_KEY } from './shared-key';

/**
 * @param folder undefined: the agent was started with none
 * @param host as users call it, for messages
 * @param isHere programs of the host run on this machine, and find its files
 */
export function makeCredentials(host: string, folder: string | undefined, isHere = true): Credentials {
  const fail = (message: string, hint: string, cause?: unknown) =>
    new TidemarkError('AuthRejected', message, { host, hint }, { cause });

  /** @throws TidemarkError `AuthRejected` */
  const pathOf = (name: string): string => {
    if (folder !== undefined) return join(folder, name);
    throw fail(
      `credentials ${name}: this agent has none`,
      'start it with --credentials DIR, a folder of files of mode 0600',
    );
  };

  /** @throws TidemarkError `AuthRejected` where it is no file, or one that others may read */
  const checkFile = async (name: string, path: string): Promise<void> => {
    const found = await stat(path).catch((error: unknown) => {
      throw fail(`credentials ${name}: there is no file ${path}`, `put it there, with mode 0600`, error);
    });
    if (!found.isFile())
      throw fail(`credentials ${name}: ${path} is no file`, 'put a file there, with mode 0600');
    if ((found.mode & 0o077) !== 0)
      throw fail(`credentials ${name}: others may read ${path}`, `chmod 600 ${path}`);
  };

  /** @throws TidemarkError `AuthRejected` */
  const folderOf = (name: string): string => {
    const path = pathOf(name);
    if (isHere) return path;
    throw fail(
      `credentials ${name}: a key is used where it lies, and this agent reaches its host from elsewhere`,
      `run an agent on ${host} itself`,
    );
  };

  /** It vouches for who is at the other end: all may read it, and nobody else change it. */
  const checkUnchanged = async (name: string, path: string): Promise<boolean> => {
    const found = await stat(path).catch(() => undefined);
    if (found && (found.mode & 0o022) !== 0)
      throw fail(`credentials ${name}: others may change ${path}`, `chmod 644 ${path}`);
    return found?.isFile() === true;
  };

  return {
    async readVariables(name) {
      const path = pathOf(name);
      await checkFile(name, path);
      const text = await readFile(path, 'utf8');
      const variables = isRcloneConfig(text) ? toVariables(text) : parseEnv(text);
      if (Object.keys(variables).length > 0) return variables as Record<string, string>;
      throw fail(
        `credentials ${name}: ${path} has no line such as NAME=VALUE`,
        'write one for each variable',
      );
    },

    async findKey(name): Promise<KeyFiles> {
      const path = folderOf(name);
      const [key, knownHosts] = [join(path, 'key'), join(path, 'known_hosts')];
      await checkFile(name, key);
      await checkUnchanged(name, knownHosts);
      return { key, knownHosts, pinnedIn: knownHosts };
    },

    async findDoorKeys(name): Promise<DoorKeys> {
      const path = folderOf(name);
      const [authorizedKeys, hostKey] = [join(path, 'authorized_keys'), join(path, 'host_key')];
      if (!(await checkUnchanged(name, authorizedKeys)))
        throw fail(
          `credentials ${name}: there is no file ${authorizedKeys}`,
          'put the public key of whoever pushes there',
        );
      if (!(await stat(hostKey).catch(() => undefined))) return { authorizedKeys };
      await checkFile(name, hostKey);
      return { authorizedKeys, hostKey };
    },

    async findSharedKey(name): Promise<string> {
      const path = join(folderOf(name), SHARED_KEY);
      await checkFile(name, path);
      const objection = objectToSharedKey(await readFile(path, 'utf8'));
      if (objection === undefined) return path;
      throw fail(`credentials ${name}: ${path} ${objection}`, 'write the same line as at the other end');
    },
  };
}
