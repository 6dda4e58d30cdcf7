/** What `tidemark doctor` says of an agent's credentials: whether they can be read, and open what they are for. Shows no value. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Host } from '../hosts/contract';
import { makeCredentials } from '../hosts/credentials';
import { isRcloneConfig, remotesOf } from '../hosts/rclone-config';
import { parsePublicKeys } from '../landings/door-keys';
import { TidemarkError } from '../model/errors';
import { stateHome } from '../client/up-state';
import { type Finding, failed } from './doctor';
import { lazy } from './lazy';

const VARIABLE = /^\s*(export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/;

/** The numbers of lines that set no variable, and are no comment. A value in quotes may go on over several. Pure. */
export function unreadLines(text: string): number[] {
  const unread: number[] = [];
  let quote: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    const value = VARIABLE.exec(line)?.[2];
    if (value === undefined) {
      if (!/^\s*(#|$)/.test(line)) unread.push(index + 1);
      continue;
    }
    const [first = ''] = value;
    if (/["'`]/.test(first) && !value.slice(1).includes(first)) quote = first;
  }
  return unread;
}

/** A URL may hold a user and a password. Pure. */
export const withoutLogin = (url: string): string => url.replace(/\/\/[^/@]*@/, '//…@');

/** Whether the repository that they name answers, and is opened by them. Changes nothing there. */
async function tryRepository(host: Host, name: string, url: string): Promise<Omit<Finding, 'what'>> {
  const volume = { kind: 'repository', path: url, options: { credentials: name } } as const;
  const { exists } = await lazy.volumes().makeVolumes(host).driverFor(volume).inspect(host, volume);
  const shown = withoutLogin(url);
  if (exists) return { state: 'ok', detail: `opens ${shown}` };
  return {
    state: 'absent',
    detail: `the store answers, and there is no repository at ${shown}`,
    fix: `nothing, where specs name one below ${shown}, or the first sync is to make it; else correct RESTIC_REPOSITORY in ${name}`,
  };
}

async function checkFile(host: Host, folder: string, name: string): Promise<Finding[]> {
  const what = `credentials ${name}`;
  const path = join(folder, name);
  try {
    const found = await stat(path);
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    if (found.isFile() && (found.mode & 0o077) === 0) {
      const text = await readFile(path, 'utf8');
      if (isRcloneConfig(text)) return await checkRemotes(host, { name, text, mode });
      return await checkVariables(host, { name, path, text, mode });
    }
    if (found.isDirectory())
      return [await (existsSync(join(path, 'authorized_keys')) ? checkDoorKeys : checkKey)(host, name)];
    // It says itself what is wrong.
    await host.credentials?.readVariables(name);
    return [];
  } catch (error) {
    return [failed(what, error)];
  }
}

/** Of a peer that pushes to us: who may. */
async function checkDoorKeys(host: Host, name: string): Promise<Finding> {
  const found = await host.credentials?.findDoorKeys(name);
  const path = found?.authorizedKeys ?? '';
  const keys = parsePublicKeys(await readFile(path, 'utf8'), path);
  const own = found?.hostKey === undefined ? 'its agent makes a host key' : 'with a host key of its own';
  return { what: `credentials ${name}`, state: 'ok', detail: `${keys.length} keys of who may push; ${own}` };
}

/** Of a peer: whether it is pinned who answers there. Nobody is asked: which peer it is for, the spec says. */
async function checkKey(host: Host, name: string): Promise<Finding> {
  const what = `credentials ${name}`;
  const { knownHosts } = (await host.credentials?.findKey(name, { runner: host })) ?? { knownHosts: '' };
  const isPinned = existsSync(knownHosts);
  return isPinned
    ? { what, state: 'ok', detail: 'a key for a peer, and who answers there is pinned' }
    : {
        what,
        state: 'missing',
        detail: `a key for a peer, and ${knownHosts} is not there`,
        fix: 'the first sync shows what the peer offers, and what to write there',
      };
}

/** Whether each remote answers, and lets these keys in. Changes nothing there. */
async function tryRemote(host: Host, name: string, remote: string): Promise<Finding> {
  const what = `remote ${remote} of ${name}`;
  const volume = { kind: 'bucket', path: `${remote}:`, options: { credentials: name } } as const;
  try {
    await lazy.volumes().makeVolumes(host).driverFor(volume).inspect(host, volume);
    return { what, state: 'ok', detail: 'answers, and lets these keys in' };
  } catch (error) {
    const isNarrow = error instanceof TidemarkError && /AccessDenied/.test(error.details.toolMessage ?? '');
    if (!isNarrow) return failed(what, error);
    const detail = 'answers, and shows these keys nothing at its top: they may be for one bucket alone';
    return { what, state: 'absent', detail, fix: 'tidemark apply tries the bucket of a spec' };
  }
}

async function checkRemotes(
  host: Host,
  { name, text, mode }: { name: string; text: string; mode: string },
): Promise<Finding[]> {
  const remotes = remotesOf(text);
  const own: Finding = {
    what: `credentials ${name}`,
    state: 'ok',
    detail: `mode ${mode}; a configuration of rclone with ${remotes.join(', ')}`,
  };
  return [own, ...(await Promise.all(remotes.map((remote) => tryRemote(host, name, remote))))];
}

async function checkVariables(
  host: Host,
  { name, path, text, mode }: { name: string; path: string; text: string; mode: string },
): Promise<Finding[]> {
  const what = `credentials ${name}`;
  const variables = (await host.credentials?.readVariables(name)) ?? {};
  const unread = unreadLines(text);
  const told = `mode ${mode}; ${Object.keys(variables).toSorted().join(', ')}`;
  const lines: Finding[] =
    unread.length === 0
      ? [{ what, state: 'ok', detail: told }]
      : [
          {
            what,
            state: 'missing',
            detail: `${told}; line ${unread.join(', ')} sets no variable`,
            fix: `write NAME=VALUE in each line of ${path}`,
          },
        ];
  const { RESTIC_REPOSITORY: url } = variables;
  if (url === undefined) return lines;
  const at = `repository of ${name}`;
  try {
    return [...lines, { what: at, ...(await tryRepository(host, name, url)) }];
  } catch (error) {
    return [...lines, failed(at, error)];
  }
}

/**
 * Each file of a folder of credentials.
 * @param stated undefined: that of the agents of `tidemark up`, where there is one
 */
export async function checkCredentials(stated?: string): Promise<Finding[]> {
  const folder = stated ?? join(stateHome(), 'credentials');
  if (stated === undefined && !existsSync(folder)) return [];
  if (!existsSync(folder)) return [failed('credentials', new Error(`there is no folder ${folder}`))];
  const home = await mkdtemp(join(tmpdir(), 'tidemark-doctor-'));
  const name = hostname();
  const host: Host = {
    ...lazy.localHost().makeLocalHost({ name, home }),
    credentials: makeCredentials(name, folder),
  };
  try {
    const names = (await readdir(folder)).filter((each) => !each.startsWith('.')).toSorted();
    const findings = await Promise.all(names.map((each) => checkFile(host, folder, each)));
    if (findings.length > 0) return findings.flat();
    return [{ what: 'credentials', state: 'absent', detail: `${folder} holds none` }];
  } catch (error) {
    return [failed('credentials', error)];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
