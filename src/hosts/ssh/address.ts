import { TidemarkError } from '../../model/errors';

/** Whom to connect to, as `--via` and `--jump` name it. */
export interface SshAddress {
  user: string;
  host: string;
  port: number;
}

const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*\$?$/;
const HOST = /^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/;

/**
 * Reads `ssh://user@host[:port]`; an IPv6 address stands in brackets.
 * @throws TidemarkError `InvalidSpec` for anything else.
 */
export function parseSshAddress(text: string): SshAddress {
  const [, user = '', bracketed, plain, port = '22'] =
    /^ssh:\/\/([^@/]+)@(?:\[([^\]]+)\]|([^:/@[\]]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const isUsable = USER.test(user) && HOST.test(host) && Number(port) > 0 && Number(port) < 65_536;
  if (isUsable) return { user, host, port: Number(port) };
  throw new TidemarkError('InvalidSpec', `not an address of a host: ${text}`, {
    hint: 'write ssh://USER@HOST or ssh://USER@HOST:PORT, like ssh://root@nas1',
  });
}

/** As `parseSshAddress` reads it. */
export function formatSshAddress({ user, host, port }: SshAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `ssh://${user}@${name}${port === 22 ? '' : `:${port}`}`;
}

/** As `known_hosts` calls it. */
export function knownHostsName({ host, port }: Pick<SshAddress, 'host' | 'port'>): string {
  return port === 22 ? host : `[${host}]:${port}`;
}
