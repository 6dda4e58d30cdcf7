/** Files at the far end, by its own tools. */
import { randomBytes } from 'node:crypto';
import { TidemarkError } from '../../model/errors';
import type { FileKind, Host, HostFiles, RunOptions, RunResult } from '../contract';
import { runChecked, tailOf } from '../run-checked';
import { MAKE_FOLDER, MAKE_KEY_PAIR, REMOVE, RENAME, type RunScript, WRITE_FILE } from './scripts';
import type { Carrier } from './session';

type RunningHost = Pick<Host, 'name' | 'run'>;

const PRIVATE_MODE = 0o600;
/** As a shell has it. */
const NO_SUCH_PROGRAM = 127;
const READ_LIMIT = 256 * 1024 * 1024;

const isMissing = (stderr: string) => /No such file or directory|Not a directory/.test(stderr);

/** An error that names its cause as Node's own do, where somebody may look for it. */
function makeFailure(host: string, what: string, path: string, { stderr }: RunResult): TidemarkError {
  const code = /No space left on device/.test(stderr)
    ? 'ENOSPC'
    : /Disk quota exceeded/.test(stderr)
      ? 'EDQUOT'
      : undefined;
  const toolMessage = tailOf(stderr);
  const error = new TidemarkError('ToolFailed', `${path} could not be ${what}`, { host, toolMessage });
  return code ? Object.assign(error, { code }) : error;
}

/** `stat` tells an empty file from others, and each kind of device. */
function typeOf(told: string): FileKind['type'] {
  if (told === 'directory' || told === 'symbolic link') return told;
  return told.startsWith('regular ') ? 'regular file' : 'special file';
}

/** For `find -name`: nothing in it stands for anything else. */
const escapePattern = (name: string) => name.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);

const octal = (mode: number) => (mode & 0o7777).toString(8);

export function makeRemoteFiles(
  host: RunningHost,
  { missing }: Pick<Carrier, 'missing'>,
  runScript: RunScript,
): HostFiles {
  const change = async (
    what: string,
    path: string,
    script: string,
    args: string[],
    options?: RunOptions,
  ): Promise<void> => {
    const result = await runScript(script, args, options);
    if (result.exitCode !== 0) throw makeFailure(host.name, what, path, result);
  };
  return {
    async read(path) {
      const result = await host.run(['cat', '--', path], { maxOutputBytes: READ_LIMIT });
      if (result.exitCode === 0) return result.stdout.toString();
      if (isMissing(result.stderr)) return undefined;
      throw makeFailure(host.name, 'read', path, result);
    },
    async write(path, content, mode = PRIVATE_MODE) {
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      const args = [path, temporary, octal(mode), String(Buffer.byteLength(content))];
      await change('written', path, WRITE_FILE, args, { stdin: content });
    },
    remove: (path) => change('removed', path, REMOVE, [path.replace(/(?<=.)\/+$/, '')]),
    async list(path) {
      const find = ['find', '-H', path, '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\0'];
      const result = await host.run(find, { maxOutputBytes: READ_LIMIT });
      if (result.exitCode !== 0 && !isMissing(result.stderr))
        throw makeFailure(host.name, 'listed', path, result);
      return result.stdout.toString().split('\0').slice(0, -1).sort();
    },
    async isEmpty(path, except = []) {
      const others = except.flatMap((name) => ['!', '-name', escapePattern(name)]);
      const find = ['find', `${path}/.`, '-mindepth', '1', '-maxdepth', '1', ...others, '-print', '-quit'];
      const result = await host.run(find);
      if (result.exitCode !== 0) throw makeFailure(host.name, 'looked at', path, result);
      return result.stdout.length === 0;
    },
    async stat(path) {
      const result = await host.run(['stat', '-c', '%F|%i|%d', '--', path]);
      if (result.exitCode !== 0 && isMissing(result.stderr)) return undefined;
      if (result.exitCode !== 0) throw makeFailure(host.name, 'looked at', path, result);
      const [told = '', inode = '', device = ''] = result.stdout.toString().trim().split('|');
      return { type: typeOf(told), inode, device };
    },
    async resolve(path) {
      const result = await host.run(['realpath', '-m', '-z', '--', path]);
      if (result.exitCode !== 0) throw makeFailure(host.name, 'resolved', path, result);
      return result.stdout.toString().replace(/\0$/, '');
    },
    mkdir: (path, mode) => change('made', path, MAKE_FOLDER, [path, mode === undefined ? '' : octal(mode)]),
    rename: (from, to) => change('renamed', from, RENAME, [from, to]),
    async room(folder) {
      const { stdout } = await runChecked(host, ['stat', '-f', '-c', '%a %S %d %c', '--', `${folder}/.`]);
      const [blocks = 0, size = 0, free = 0, total = 0] = stdout.toString().trim().split(' ').map(Number);
      return { freeBytes: blocks * size, ...(total > 0 && { inodes: { free, total } }) };
    },
    async clock() {
      const { stdout } = await runChecked(host, ['date', '+%s.%N']);
      return Number(stdout.toString());
    },
    async makeKeyPair(path) {
      const result = await runScript(MAKE_KEY_PAIR, [path]);
      if (result.exitCode === NO_SUCH_PROGRAM) throw missing('ssh-keygen');
      if (result.exitCode !== 0) throw makeFailure(host.name, 'made', path, result);
      return result.stdout.toString().trim().split(' ').slice(0, 2).join(' ');
    },
  };
}
