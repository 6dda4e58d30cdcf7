/** What `up` runs, and how each of them is told to run. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ClientError } from '../client/exit-codes';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import { UP_MARKER } from './left-overs';
import type { UpOptions } from './options';
import { Part } from './part';
import { cacheHome } from '../client/up-state';
import type { UpPorts } from '../client/up-state';

/** The two hosts of this machine. */
export const LOCAL_HOSTS = ['alpha', 'beta'] as const;

export const BIN = resolve(__dirname, '../../bin/tidemark.mjs');

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Temporal's server: on the PATH, else where set-up has put it. @throws ClientError `ToolMissing` */
export function findTemporal(env: NodeJS.ProcessEnv = process.env): string {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const found = [
    ...folders.map((folder) => join(folder, 'temporal')),
    join(cacheHome(env), 'bin', 'temporal'),
  ].find(isProgram);
  if (found !== undefined) return found;
  throw new ClientError(
    'ToolMissing',
    "there is no Temporal server: no program `temporal` on the PATH, nor in Tidemark's cache",
    {
      hint: 'npm run set-up gets it',
    },
  );
}

/** Temporal names the types of search attributes otherwise than the SDK does. */
const CLI_TYPES = {
  KEYWORD: 'Keyword',
  KEYWORD_LIST: 'KeywordList',
  INT: 'Int',
  DATETIME: 'Datetime',
} as const;

function temporalArgv(home: string, ports: UpPorts): string[] {
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${CLI_TYPES[type]}`,
  ]);
  return [
    // The kernel ends it with this process, however that ends.
    ...['setpriv', '--pdeathsig', 'TERM', '--'],
    ...[findTemporal(), 'server', 'start-dev', '--ip', '127.0.0.1'],
    ...['--port', String(ports.temporal), '--ui-port', String(ports.ui)],
    ...['--db-filename', join(home, 'temporal', 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL'],
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...attributes,
  ];
}

/** What every Temporal client under this `up` reads in place of the user's own configuration file. */
export function temporalConfigPath(home: string): string {
  return join(home, 'temporal', 'client.toml');
}

export const TEMPORAL_CONFIG = '[profile.default]\n';

/** The environment of every part: this Temporal, and not what the user's own settings say of another. */
export function makePartEnv(
  home: string,
  ports: UpPorts,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(TEMPORAL_|NODE_CHANNEL_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    TEMPORAL_NAMESPACE: 'default',
    // Were there a file of the user's, its TLS and API key would be for another server.
    TEMPORAL_CONFIG_FILE: temporalConfigPath(home),
    TIDEMARK_HOME: home,
    TIDEMARK_LOG: 'json',
    [UP_MARKER]: home,
  };
}

export interface Parts {
  temporal: Part;
  control: Part;
  agents: Part[];
}

/** What parts are told beside their ports. */
export interface PartOptions extends Pick<UpOptions, 'home' | 'notify'> {
  /** The control worker's file of tokens; with one, they may have things done. */
  tokensPath?: string;
}

/** Defines them all; starts none. */
export function makeParts(
  { home, notify, tokensPath }: PartOptions,
  ports: UpPorts,
  say: (text: string) => void,
): Parts {
  const env = makePartEnv(home, ports);
  const logPath = (name: string) => join(home, 'log', `${name}.log`);
  const ours = (name: string, file: string, ...args: string[]) =>
    new Part({ name, argv: [process.execPath, BIN, ...args], env, logPath: logPath(file), ours: true, say });
  return {
    temporal: new Part({
      name: 'Temporal',
      argv: temporalArgv(home, ports),
      env,
      logPath: logPath('temporal'),
      ours: false,
      say,
    }),
    control: ours(
      'control worker',
      'control',
      'control',
      '--home',
      join(home, 'control'),
      '--http',
      `127.0.0.1:${ports.http}`,
      '--temporal-ui',
      `http://127.0.0.1:${ports.ui}`,
      ...(tokensPath === undefined ? [] : ['--tokens', tokensPath, '--allow-actions']),
      ...(notify === undefined ? [] : ['--notify', notify]),
    ),
    agents: LOCAL_HOSTS.map((host) =>
      ours(
        `agent of ${host}`,
        `agent-${host}`,
        ...['agent', '--host', host, '--home', join(home, 'hosts', host)],
        ...['--listen', '127.0.0.1', '--allow-hooks', join(home, 'hooks', host)],
        ...['--credentials', join(home, 'credentials')],
      ),
    ),
  };
}
