/** What a host reached over SSH says of itself when it is first reached. */
import { TidemarkError } from '../../model/errors';
import type { Host } from '../contract';
import { findPackage } from '../missing-tool';
import { tailOf } from '../run-checked';
import { makeCommand, scriptArgv } from '../remote/command';
import type { Pool } from './pool';

export interface HostFacts {
  /** The login user's home folder. */
  userHome: string;
  /** `PATH` as commands get it there. */
  path: string;
  /** `SSH-2.0-OpenSSH_9.2p1` */
  serverVersion: string;
  /** What the login shell prints before any command; it would break what sources send. */
  noise: string;
  /** Programs that are not there, of those that Tidemark uses. */
  missing: string[];
}

/** What the host's files and programs are worked with; without them nothing goes. */
const NEEDED = [
  ...[
    'setsid',
    'env',
    'cat',
    'chmod',
    'cp',
    'cut',
    'date',
    'dd',
    'du',
    'find',
    'grep',
    'head',
    'id',
    'mkdir',
    'mkfifo',
    'mktemp',
  ],
  ...['mv', 'readlink', 'realpath', 'rm', 'sha256sum', 'stat', 'sync', 'test', 'touch', 'tr', 'wc', 'xargs'],
];
/** What only some kinds of volumes, or one role, need. */
const USEFUL = ['rsync', 'ssh', 'ssh-keygen', 'flock'];

/** Text that no two shells that quote in other ways print alike. */
const ODD = `it's "$HOME" \\ \`!x\` *`;
const MARK = 'tidemark-facts:';

const LOOK = String.raw`
for f in /usr/local/sbin /usr/sbin /sbin; do
  case :$PATH: in *:$f:*) ;; *) PATH=$PATH:$f ;; esac
done
m=
o=$1
shift
for t in "$@"; do
  command -v "$t" >/dev/null 2>&1 || m="$m $t"
done
printf '%s%s\0%s\0%s\0%s\0' tidemark-facts: "$o" "$HOME" "$PATH" "$m"
`;

/**
 * Asks a host what it is.
 * @throws TidemarkError `ToolFailed` where its login shell can't be used.
 */
export async function findFacts(host: string, pool: Pool): Promise<HostFacts> {
  const { serverVersion } = await pool.connection();
  const command = makeCommand(host, scriptArgv(LOOK, ODD, ...NEEDED, ...USEFUL));
  const session = await pool.open(command);
  const { channel } = session;
  const output = { stdout: '', stderr: '' };
  channel.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  channel.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  await session.closed;
  if (!session.ended) throw session.lost();
  const at = output.stdout.indexOf(MARK);
  const [odd, userHome = '', path = '', missing = ''] = output.stdout.slice(at + MARK.length).split('\0');
  if (at < 0 || odd !== ODD || userHome === '') {
    throw new TidemarkError('ToolFailed', 'the login shell of that host can not be used', {
      host,
      toolMessage: tailOf(output.stderr || output.stdout),
      hint:
        'it must be a POSIX shell (sh, bash, dash, ksh, zsh), not nologin or false, and its sshd must run commands; ' +
        'on that host, as root: usermod --shell /bin/sh USER, with the user of --via',
    });
  }
  const noise = output.stdout.slice(0, at);
  return { userHome, path, serverVersion, noise, missing: missing.split(' ').filter(Boolean) };
}

/** Missing programs as a log line says it, with what installs them. @throws TidemarkError `ToolMissing` where nothing goes without. */
export function explainMissing({ name }: Pick<Host, 'name'>, { missing }: HostFacts): string | undefined {
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((program) => findPackage(program) ?? program))];
  const hint = `on ${name}: apt-get install ${packages.join(' ')}`;
  const needed = missing.filter((program) => NEEDED.includes(program));
  if (needed.length > 0) {
    throw new TidemarkError('ToolMissing', `there is no ${needed.join(', ')}`, { host: name, hint });
  }
  return `host ${name} lacks ${missing.join(', ')}; what needs them will be refused until they are there (${hint})`;
}
