import type { Runner } from '../hosts/contract';

/**
 * Bytes that a tree takes on disk within its filesystem. What Tidemark keeps inside of it does not count. Zero where
 * there is nothing.
 */
export async function measureTree(host: Pick<Runner, 'run'>, path: string): Promise<number> {
  const options = ['-sx', '--block-size=1', '--exclude=.tidemark'];
  // Files that vanish meanwhile make du fail with what it counted already printed.
  const { stdout } = await host.run(['du', ...options, '--', path]);
  return Number.parseInt(stdout.toString(), 10) || 0;
}

/** Entries of a tree within its filesystem, the tree itself included; not what Tidemark keeps inside of it. */
export async function countEntries(host: Pick<Runner, 'run'>, path: string): Promise<number> {
  const find = ['find', '.', '-xdev', '-path', './.tidemark', '-prune', '-o', '-printf', '.'];
  // Folders that vanish meanwhile make find fail with what it counted already printed.
  const { stdout } = await host.run(find, { cwd: path, maxOutputBytes: 2 ** 31 });
  return stdout.length;
}
