/** Where Temporal and the control worker are: the environment, else a running `tidemark up`, else the defaults. */
import { accessSync, constants } from 'node:fs';
import type { UpState } from './up-state';
import { readUpState, readUpToken, stateHome, upStatePath } from './up-state';
import { ClientError } from './exit-codes';

export const DEFAULT_TEMPORAL_ADDRESS = '127.0.0.1:7233';
export const DEFAULT_HTTP_URL = 'http://127.0.0.1:7733';

/** Anything that does not answer for so long is unreachable. */
export const REACH_TIMEOUT_MS = 5000;

export type Origin = 'environment' | 'up' | 'default';

/** True also where there is nothing. */
function canBeRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}

/** A state folder was named, and nothing runs on it: what listens at the usual ports is somebody else's. */
function nothingRuns(home: string, variable: string): ClientError {
  if (!canBeRead(upStatePath(home))) {
    return new ClientError('Unreachable', `TIDEMARK_HOME, ${home}, can not be read by this user`, {
      hint: `name by ${variable} what is to be asked, or be the user whose tidemark up it is`,
    });
  }
  return new ClientError('Unreachable', `no tidemark up runs on TIDEMARK_HOME, ${home}`, {
    hint: `start it: tidemark up --home ${home}; or unset TIDEMARK_HOME, or name by ${variable} what is to be asked`,
  });
}

/**
 * Temporal's address, and who named it. `configured` is what `@temporalio/envconfig` found; `home` is `TIDEMARK_HOME`.
 * @throws ClientError `Unreachable` where a state folder was named on which nothing runs
 */
export function chooseTemporalAddress(
  configured: string | undefined,
  up: Pick<UpState, 'ports'> | undefined,
  home?: string,
): { address: string; origin: Origin } {
  if (configured !== undefined) return { address: configured, origin: 'environment' };
  if (up) return { address: `127.0.0.1:${up.ports.temporal}`, origin: 'up' };
  if (home) throw nothingRuns(home, 'TEMPORAL_ADDRESS');
  return { address: DEFAULT_TEMPORAL_ADDRESS, origin: 'default' };
}

/**
 * The control worker's HTTP address, and who named it.
 * @throws ClientError `Unreachable` where a state folder was named on which nothing runs
 */
export function chooseHttpUrl(
  env: NodeJS.ProcessEnv,
  up: Pick<UpState, 'ports' | 'tokensPath'> | undefined,
): { url: string; token?: string; origin: Origin } {
  const token = env.TIDEMARK_TOKEN ? { token: env.TIDEMARK_TOKEN } : {};
  if (env.TIDEMARK_URL) return { url: env.TIDEMARK_URL.replace(/\/+$/, ''), ...token, origin: 'environment' };
  if (up) {
    const own = token.token ?? readUpToken(up);
    return {
      url: `http://127.0.0.1:${up.ports.http}`,
      ...(own !== undefined && { token: own }),
      origin: 'up',
    };
  }
  if (env.TIDEMARK_HOME) throw nothingRuns(env.TIDEMARK_HOME, 'TIDEMARK_URL');
  return { url: DEFAULT_HTTP_URL, ...token, origin: 'default' };
}

/** The `tidemark up` of this user's state folder, if one runs. */
export function findUp(): UpState | undefined {
  return readUpState(stateHome());
}

/** The Temporal UI, where it is known: `TIDEMARK_UI_URL`, or that of a running `up`. */
export function findUiUrl(env: NodeJS.ProcessEnv, up = findUp()): string | undefined {
  return env.TIDEMARK_UI_URL?.replace(/\/+$/, '') ?? (up && `http://127.0.0.1:${up.ports.ui}`);
}

function unreachable(what: string, origin: Origin, variable: string, cause: unknown): ClientError {
  const hint = {
    environment: `is ${variable} right, and does it run?`,
    up: 'it may be starting: try again; or look at the log: tidemark doctor',
    default: `start everything with tidemark up, or name where it is by ${variable}`,
  }[origin];
  const message = `${what} does not answer`;
  const toolMessage = cause instanceof Error ? cause.message : String(cause);
  return new ClientError('Unreachable', message, { hint, toolMessage }, { cause });
}

export function temporalUnreachable(address: string, origin: Origin, cause: unknown): ClientError {
  return unreachable(`Temporal at ${address}`, origin, 'TEMPORAL_ADDRESS', cause);
}

export function httpUnreachable(url: string, origin: Origin, cause: unknown): ClientError {
  return unreachable(`the control worker at ${url}`, origin, 'TIDEMARK_URL', cause);
}
