import type { Runner } from '../hosts/contract';

/** When a folder was made, by the host's clock, in seconds; 0 where its filesystem does not tell. */
export async function findBirth(host: Pick<Runner, 'run'>, path: string): Promise<number> {
  const { stdout } = await host.run(['stat', '-c', '%.9W', '--', path]);
  return Number(stdout.toString()) || 0;
}
