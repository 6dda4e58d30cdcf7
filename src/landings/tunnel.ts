/** The way to rsync's daemon behind TLS: a stunnel for each connection, which the rsync client starts as it would ssh. */
import type { Host, Runner } from '../hosts/contract';
import { TidemarkError } from '../model/errors';
import type { Landing } from './contract';

/** rsync's `-e`, run in the folder of {@link prepareTunnel}. */
export const TUNNEL_COMMAND = 'sh ./tunnel';

/** rsync appends what it wants to be run there; a tunnel leads to one thing alone. */
const SCRIPT = 'exec stunnel ./stunnel.conf\n';

/** Of both ends. A key that was shared is safe to go by where each connection has keys of its own besides, as all of TLS 1.3 do. */
export const TUNNEL_RULES = `sslVersion = TLSv1.3
ciphers = PSK:!kDHEPSK
foreground = yes
pid =
syslog = no
`;

/** A connection that is dead is found so within two minutes. */
export const KEEP_ALIVE = ['l', 'r']
  .flatMap((end) => [
    `socket = ${end}:SO_KEEPALIVE=1`,
    `socket = ${end}:TCP_KEEPIDLE=60`,
    `socket = ${end}:TCP_KEEPINTVL=10`,
    `socket = ${end}:TCP_KEEPCNT=6`,
  ])
  .join('\n');

function check(what: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw new TidemarkError('InvalidSpec', `a peer has an unusable ${what}: ${JSON.stringify(value)}`, {
    hint: 'correct its URL in the spec',
  });
}

/**
 * The configuration of one end that connects: a stunnel for one connection, on its own input and output. Pure.
 * @param key the file of the shared key
 * @throws TidemarkError `InvalidSpec`
 */
export function makeTunnelConfig({ address, port }: Pick<Landing, 'address' | 'port'>, key: string): string {
  const to = check('address', address, /^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/);
  return `${TUNNEL_RULES}debug = err
client = yes
${KEEP_ALIVE}
TIMEOUTclose = 0
PSKsecrets = ${check('path of its credentials', key, /^\P{Cc}+$/u)}
connect = ${to}:${check('port', String(port), /^[1-9]\d{0,4}$/)}
`;
}

/**
 * Writes what the tunnel needs, where rsync is to run. Returns the folder to run it in.
 * @throws TidemarkError `AuthRejected` where there is no key
 */
export async function prepareTunnel(
  { credentials, name }: Host,
  runner: Runner,
  landing: Landing,
  folder: string,
): Promise<string> {
  const { credentials: wanted = '', namespace } = landing.account ?? {};
  if (!credentials)
    throw new TidemarkError('AuthRejected', `credentials ${wanted}: this agent has none`, { host: name });
  const key = await credentials.findSharedKey(wanted, {
    runner,
    ...(namespace !== undefined && { namespace }),
  });
  await runner.files.write(`${folder}/stunnel.conf`, makeTunnelConfig(landing, key), 0o600);
  await runner.files.write(`${folder}/tunnel`, SCRIPT, 0o600);
  return folder;
}
