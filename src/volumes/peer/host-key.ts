/** A peer whose host key is none that its owner vouched for: which one it shows, and which are pinned. */
import { TidemarkError } from '../../model/errors';
import type { Runner } from '../../hosts/contract';
import { knownHostsName } from '../../hosts/ssh/address';
import { findKnownKeys, fingerprintOf, type HostKey } from '../../hosts/ssh/host-keys';
import type { Peer } from './line';

const SCAN_SECONDS = 5;

/** What `ssh-keyscan` prints, without names and comments. Pure. */
export function parseScan(output: string): HostKey[] {
  return output.split('\n').flatMap((line) => {
    const [, type, base64] = line.trim().split(/\s+/);
    return line.startsWith('#') || type === undefined || base64 === undefined ? [] : [`${type} ${base64}`];
  });
}

/** The keys that answer there. None is trusted by being asked for. */
async function scan(host: Runner, address: string, port: number): Promise<HostKey[]> {
  const argv = ['ssh-keyscan', '-T', String(SCAN_SECONDS), '-p', String(port), '--', address];
  const { stdout } = await host.run(argv, { timeoutMs: 4 * SCAN_SECONDS * 1000 });
  return parseScan(stdout.toString());
}

const nameKey = (key: HostKey) =>
  `${fingerprintOf(key)} (${(key.split(' ')[0] ?? '').replace(/^ssh-|-.*$/g, '')})`;

/** In place of what ssh says. @param error stands where nothing more can be found out */
export async function explainHostKey(
  { host, volume, line }: Peer,
  error: TidemarkError,
): Promise<TidemarkError> {
  const { address, port, account } = line.landing;
  const { runner } = line;
  const { credentials = '', namespace } = account ?? {};
  const place = { runner, ...(namespace !== undefined && { namespace }) };
  const files = await host.credentials?.findKey(credentials, place);
  if (!files) return error;
  const name = knownHostsName({ host: address, port });
  const [shown, { trusted }] = await Promise.all([
    scan(runner, address, port).catch((): HostKey[] => []),
    findKnownKeys(runner, { user: '', host: address, port }, [files.knownHosts]),
  ]);
  const [first] = shown;
  if (first === undefined) return error;
  const pinned = trusted.length === 0 ? 'none is pinned' : `pinned is ${trusted.map(nameKey).join(', ')}`;
  const changed =
    trusted.length === 0 ? '' : ', or the connection is intercepted, or that host was installed anew';
  return new TidemarkError(
    'HostKeyMismatch',
    `${name} shows the host key ${shown.map(nameKey).join(', ')}, and ${pinned}`,
    {
      ...{ host: host.name, volume: volume.path },
      hint: `nobody vouches for it yet${changed}: ask its owner what this prints there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if it is the same, write to ${files.pinnedIn}: ${name} ${first}`,
    },
  );
}
