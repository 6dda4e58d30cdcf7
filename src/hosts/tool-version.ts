/** Versions of programs that systems still bring, and that are too old for what is asked of them. */
import { TidemarkError } from '../model/errors';
import type { Host } from './contract';

/** The least that does what is asked of it: [major, minor]. */
const LEAST = { restic: [0, 17], rclone: [1, 65] } as const;

type VersionedTool = keyof typeof LEAST;

/** What brings a current one to the machine of an agent, where the system has none. */
export const CURRENT_TOOLS = "in Tidemark's folder there: npm run set-up -- --stores";

const isVersioned = (program: string): program is VersionedTool => Object.hasOwn(LEAST, program);

/**
 * Why a program is too old; undefined where it is not, or says no version.
 * @param said what it says of itself: `rclone v1.60.1-DEV`
 */
export function objectToVersion(program: string, said: string): string | undefined {
  const [, version = '', major = '', minor = ''] = /\bv?((\d+)\.(\d+)[^\s,]*)/.exec(said) ?? [];
  if (!isVersioned(program) || version === '') return undefined;
  const [leastMajor, leastMinor] = LEAST[program];
  const isOld = Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor);
  return isOld
    ? `${program} ${version} is too old: ${leastMajor}.${leastMinor} or newer is needed`
    : undefined;
}

/** What was found new enough on which host: it is asked once, while its agent runs. */
const current = new Set<string>();

/** @throws TidemarkError `ToolMissing` where it is not there, or too old */
export async function checkVersion(
  host: Pick<Host, 'name' | 'home' | 'run'>,
  program: VersionedTool,
): Promise<void> {
  const known = `${program} of ${host.name} ${host.home}`;
  if (current.has(known)) return;
  const { stdout } = await host.run([program, 'version'], { timeoutMs: 30_000 });
  const objection = objectToVersion(program, stdout.toString().split('\n')[0] ?? '');
  if (objection !== undefined)
    throw new TidemarkError('ToolMissing', objection, {
      host: host.name,
      hint: `on ${host.name}, ${CURRENT_TOOLS}; then start its agent again`,
    });
  current.add(known);
}
