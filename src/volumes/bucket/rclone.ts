/** rclone, run on one bucket: with its credentials in the environment, and its failures in classified errors. */
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import type { Host, Runner, RunOptions, RunResult } from '../../hosts/contract';
import { variableOf } from '../../hosts/rclone-config';
import { checkVersion } from '../../hosts/tool-version';
import { namespaceOf, toolsOf } from '../pvc';
import { classifyEnding } from './classify';

/** One bucket, and where programs run that work with it. */
export interface Bucket {
  host: Host;
  runner: Runner;
  volume: Volume;
}

/** @param runner left out: this host, or a pod of the cluster that it is */
export const bucketAt = (host: Host, volume: Volume, runner?: Runner): Bucket => ({
  ...{ host, runner: runner ?? toolsOf({ host, volume }), volume },
});

/** A place in the bucket, as rclone calls it. */
export const at = ({ volume }: Pick<Bucket, 'volume'>, key: string): string =>
  key === '' ? volume.path : `${volume.path.replace(/([^:/])$/, '$1/')}${key}`;

const remoteOf = ({ volume }: Pick<Bucket, 'volume'>): string =>
  volume.path.slice(0, volume.path.indexOf(':'));

/** @throws TidemarkError `AuthRejected` where they can't be had, or tell of no such remote */
async function readEnvironment({
  host,
  volume,
}: Pick<Bucket, 'host' | 'volume'>): Promise<Record<string, string>> {
  if (volume.path.startsWith('/')) return {};
  const remote = remoteOf({ volume });
  const { credentials: name } = volume.options ?? {};
  const about = { host: host.name, volume: volume.path };
  if (name === undefined) {
    throw new TidemarkError('AuthRejected', `nothing says what ${remote} is`, {
      ...about,
      hint: `name it in the spec: credentials: NAME, ${host.cluster ? `a Secret of namespace ${namespaceOf({ volume })} whose field rclone.conf has` : 'a file of the --credentials folder with'} a section [${remote}], as rclone.conf has it`,
    });
  }
  const namespace = namespaceOf({ volume });
  const variables = (await host.credentials?.readVariables(name, namespace)) ?? {};
  if (variables[variableOf(remote, 'type')] !== undefined) return checkVariables(host, volume, variables);
  throw new TidemarkError('AuthRejected', `credentials ${name} have no remote ${remote}`, {
    ...about,
    hint: `add a section [${remote}]${host.cluster ? ` to the field rclone.conf of Secret ${namespace}/${name}` : ', as rclone.conf has it'}, or correct the bucket in the spec`,
  });
}

/** A shell sets them in a pod, which knows no others. @throws TidemarkError `InvalidSpec` */
function checkVariables(
  host: Host,
  { path }: Volume,
  variables: Record<string, string>,
): Record<string, string> {
  const [odd] = Object.keys(variables).filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (!host.cluster || odd === undefined) return variables;
  throw new TidemarkError('InvalidSpec', `in a pod, nothing can set ${odd}`, {
    ...{ host: host.name, volume: path },
    hint: 'give the remote a name of letters, digits and underscores',
  });
}

/** What kind of remote it is, as rclone calls it; undefined for a folder. */
export async function typeOf(bucket: Bucket): Promise<string | undefined> {
  const variables = await readEnvironment(bucket);
  return variables[variableOf(remoteOf(bucket), 'type')];
}

/** What every call has. Nobody's own configuration is read, and nothing is asked. */
const COMMON = ['--config=', '--ask-password=false', '--use-json-log', '--log-level=NOTICE'];

/** Runs rclone; the exit codes that are no success are for the caller to judge. */
export async function runRclone(
  bucket: Bucket,
  args: readonly string[],
  { env, ...options }: RunOptions = {},
): Promise<RunResult> {
  const variables = await readEnvironment(bucket);
  // The image of a pod was chosen with it.
  if (bucket.runner === bucket.host) await checkVersion(bucket.host, 'rclone');
  return await bucket.runner.run(['rclone', ...COMMON, ...args], {
    ...options,
    env: { ...variables, ...env },
  });
}

/**
 * The same for what must succeed.
 * @param allowed further exit codes that are no failure, or what judges that
 * @throws TidemarkError as `classifyEnding` has it
 */
export async function runRcloneChecked(
  bucket: Bucket,
  args: readonly string[],
  options: RunOptions = {},
  allowed: readonly number[] | ((result: RunResult) => boolean) = [],
): Promise<RunResult> {
  const result = await runRclone(bucket, args, options);
  const isAllowed = typeof allowed === 'function' ? allowed(result) : allowed.includes(result.exitCode);
  if (result.exitCode === 0 || isAllowed) return result;
  throw classifyEnding(bucket, args, result);
}

/**
 * Of what reads or writes little: whoever called tries again as well. Of S3, each further try waits twice as long, from 5 s on:
 * measured with a store that is away, four tries take 35 s.
 */
const LIGHT = ['--retries=1', '--low-level-retries=1', '--contimeout=10s', '--timeout=30s'];
const LIGHT_MS = 120_000;

/** The same for what reads or writes little, and somebody waits for. */
export const runLight = (
  bucket: Bucket,
  args: readonly string[],
  options: RunOptions = {},
  allowed: readonly number[] = [],
): Promise<RunResult> =>
  runRcloneChecked(bucket, [...LIGHT, ...args], { timeoutMs: LIGHT_MS, ...options }, allowed);

/** rclone's exit codes where there is no such folder, or no such file. */
export const NO_FOLDER = 3;
const NO_FILE = 4;

/** The content of one object; undefined where there is none. */
export async function readObject(bucket: Bucket, key: string): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  const { exitCode } = await runLight(
    bucket,
    ['cat', '--', at(bucket, key)],
    { onStdout: (chunk) => chunks.push(chunk) },
    [NO_FOLDER, NO_FILE],
  );
  // Of S3, rclone says nothing of a file that is missing.
  return exitCode === 0 && chunks.length > 0 ? Buffer.concat(chunks) : undefined;
}

/** Writes one object, whole or not at all where the store has that. */
export async function writeObject(bucket: Bucket, key: string, content: Buffer | string): Promise<void> {
  await runLight(bucket, ['rcat', '--', at(bucket, key)], { stdin: content });
}

/** Keys, one in a line, as `--files-from-raw` takes them from the standard input. */
export const keysToStdin = (keys: readonly string[]): Buffer =>
  Buffer.from(keys.map((key) => `${key}\n`).join(''));
