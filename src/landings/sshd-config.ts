/** The configuration of an agent's own sshd. Pure. */
import { TidemarkError } from '../model/errors';

export interface SshdConfig {
  home: string;
  /** Left out: all. */
  listenAddress?: string;
  port: number;
  user: string;
  /** sshd alone refuses accounts with a locked password; PAM lets their keys in. */
  usePam: boolean;
  /** `PATH` of the commands that landings run. */
  path: string;
  /** Left out: the one in the home. */
  hostKey?: string;
  /** Options that only some versions know, whole lines. */
  extraLines?: readonly string[];
}

function quote(value: string): string {
  if (/["\n\r]/.test(value)) {
    throw new TidemarkError(
      'InvalidSpec',
      `sshd can't be configured with this value: ${JSON.stringify(value)}`,
      {
        hint: 'choose a state folder without quotes or line breaks in its path (TIDEMARK_HOME, or --home)',
      },
    );
  }
  return `"${value}"`;
}

/** sshd expands `%` in file names. */
const quotePath = (path: string) => quote(path.replaceAll('%', '%%'));

/** The whole file. Nothing but forced commands by public key, for one user. */
export function makeSshdConfig(config: SshdConfig): string {
  const folder = `${config.home}/sshd`;
  // SHLVL keeps bash from reading the user's start-up files, which may print and so break the stream.
  const environment = [`PATH=${config.path}`, 'SHLVL=1'].map(quote).join(' ');
  const listen = config.listenAddress === undefined ? '' : `ListenAddress ${config.listenAddress}\n`;
  return `# Written by Tidemark at each start.
Port ${config.port}
${listen}HostKey ${quote(config.hostKey ?? `${folder}/host_key`)}
AuthorizedKeysFile ${quotePath(`${folder}/authorized_keys`)}
AllowUsers ${config.user}
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
HostbasedAuthentication no
PermitRootLogin forced-commands-only
PermitEmptyPasswords no
UsePAM ${config.usePam ? 'yes' : 'no'}
StrictModes no
DisableForwarding yes
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
PrintMotd no
PrintLastLog no
Banner none
MaxStartups 200:30:400
MaxSessions 1
LoginGraceTime 20
ClientAliveInterval 5
ClientAliveCountMax 3
UseDNS no
PidFile ${quote(`${folder}/sshd.pid`)}
LogLevel VERBOSE
Compression no
Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr
SetEnv ${environment}
${(config.extraLines ?? []).map((line) => `${line}\n`).join('')}`;
}
