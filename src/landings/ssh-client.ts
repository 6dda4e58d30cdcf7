/** The source's side of a landing: a key pair for one transfer, and how ssh is to use it. */
import { type Host, isAgentHost, type KeyFiles, type Runner } from '../hosts/contract';
import { parseHostKey } from '../hosts/ssh/host-keys';
import { TidemarkError } from '../model/errors';
import { validatePublicKey } from './authorized-keys';
import type { Account, Landing } from './contract';
import { prepareTunnel, TUNNEL_COMMAND } from './tunnel';

/** The name under which ssh finds a landing in the configuration that is written for it. */
export const LANDING_ALIAS = 'tidemark-landing';

/** Longer than any transfer takes. */
const KEY_LIFETIME_MS = 45 * 24 * 3_600_000;

const GCM = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];
const CHACHA = ['chacha20-poly1305@openssh.com'];
const OTHERS = ['aes128-ctr', 'aes256-ctr'];

/** What one transfer is known by at its source. */
export interface KeyId {
  relationship: string;
  target: string;
  syncId: string;
}

/** What is kept beside a key. */
export interface KeyNote {
  syncId: string;
  /** The host that the key is for. */
  targetHost: string;
  madeAt: string;
}

/** The folder of one transfer's key. The names in it are relative in {@link makeSshConfig}: ssh runs there. */
export function keyFolder(home: string, { relationship, target }: Omit<KeyId, 'syncId'>): string {
  return `${home}/transfers/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;
}

/** Fast ciphers first: AES where the processor has instructions for it. */
export function chooseCiphers(cpuinfo: string): string {
  const hasAes = /^(?:flags|Features)\s*:.*\baes\b/m.test(cpuinfo);
  return (hasAes ? [...GCM, ...CHACHA, ...OTHERS] : [...CHACHA, ...GCM, ...OTHERS]).join(',');
}

/** Makes a new key pair for one transfer, in place of an earlier one. Returns the public half. */
export async function makeKey(host: Host, id: KeyId, targetHost: string): Promise<string> {
  const folder = keyFolder(host.home, id);
  await host.files.mkdir(folder, 0o700);
  const note: KeyNote = { syncId: id.syncId, targetHost, madeAt: new Date().toISOString() };
  await host.files.write(`${folder}/note.json`, JSON.stringify(note), 0o600);
  return validatePublicKey(await host.files.makeKeyPair(`${folder}/key`));
}

/** Undefined where there is no key for this target. */
export async function readKeyNote(host: Host, id: Omit<KeyId, 'syncId'>): Promise<KeyNote | undefined> {
  const text = await host.files.read(`${keyFolder(host.home, id)}/note.json`);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as KeyNote);
  } catch {
    return undefined;
  }
}

/** Removes the key of a target. Nothing there is not an error. */
export async function removeKey(host: Host, id: Omit<KeyId, 'syncId'>): Promise<void> {
  await host.files.remove(keyFolder(host.home, id));
}

/** Removes keys that are older than any transfer, or unreadable. Returns how many. */
export async function sweepKeys(host: Host, now: Date): Promise<number> {
  let swept = 0;
  for (const relationship of await host.files.list(`${host.home}/transfers`)) {
    for (const target of await host.files.list(`${host.home}/transfers/${relationship}`)) {
      const id = { relationship: decodeURIComponent(relationship), target: decodeURIComponent(target) };
      const madeAt = new Date((await readKeyNote(host, id))?.madeAt ?? 0).getTime();
      if (now.getTime() - madeAt < KEY_LIFETIME_MS) continue;
      await removeKey(host, id);
      swept++;
    }
  }
  return swept;
}

function check(what: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw new TidemarkError('InvalidSpec', `a landing has an unusable ${what}: ${JSON.stringify(value)}`, {
    hint: 'look at --advertise-address of the agent at the target',
  });
}

/** On loopback nobody records for a later day, and the post-quantum exchange takes 80 ms. */
function makeKexLine(address: string): string {
  const isLoopback = address === 'localhost' || address === '::1' || address.startsWith('127.');
  return isLoopback ? 'KexAlgorithms ^curve25519-sha256\n' : '';
}

/** Which key opens a landing, and which host keys it may have: made for it, in the folder where ssh runs. */
const OWN_KEYS = `HostKeyAlias ${LANDING_ALIAS}
UserKnownHostsFile ./known_hosts
IdentityFile ./key`;

/** The same of an account: files that its owner has a say in. */
function makeKeyLines({ key, knownHosts }: KeyFiles): string {
  // What ssh would read more into than a path.
  const quote = (path: string) => `"${check('path of its credentials', path, /^[^"$%\\\p{Cc}]+$/u)}"`;
  return `UserKnownHostsFile ${quote(knownHosts)}\nIdentityFile ${quote(key)}`;
}

/**
 * The configuration for one landing. What comes from the target is checked: none of it can become an
 * option.
 * @param keys of an account
 * @throws TidemarkError `InvalidSpec`
 */
export function makeSshConfig(landing: Landing, ciphers: string, keys?: KeyFiles): string {
  return `Host ${LANDING_ALIAS}
HostName ${check('address', landing.address, /^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/)}
Port ${check('port', String(landing.port), /^[1-9]\d{0,4}$/)}
User ${check('user', landing.user, /^[A-Za-z0-9_][A-Za-z0-9._-]*\$?$/)}
${keys ? makeKeyLines(keys) : OWN_KEYS}
StrictHostKeyChecking yes
GlobalKnownHostsFile none
UpdateHostKeys no
VerifyHostKeyDNS no
IdentitiesOnly yes
IdentityAgent none
CertificateFile none
PreferredAuthentications publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
BatchMode yes
ForwardAgent no
ForwardX11 no
ClearAllForwardings yes
PermitLocalCommand no
RequestTTY no
ControlMaster no
ControlPath none
ConnectTimeout 10
ConnectionAttempts 1
ServerAliveInterval 5
ServerAliveCountMax 3
Compression no
Ciphers ${ciphers}
${makeKexLine(landing.address)}LogLevel ERROR
`;
}

/**
 * Writes what ssh needs for one landing where it is to run: beside the key, or at another place, with the key. Returns the
 * folder to run ssh in.
 */
export async function prepareSsh(
  host: Host,
  runner: Runner,
  id: Omit<KeyId, 'syncId'>,
  landing: Landing,
): Promise<string> {
  const folder = keyFolder(runner.scratch, id);
  if (landing.account) return await prepareAccount(host, runner, landing, folder);
  const knownHosts = landing.hostKeys.map((key) => `${LANDING_ALIAS} ${parseHostKey(key)}\n`);
  const ciphers = chooseCiphers((await runner.files.read('/proc/cpuinfo')) ?? '');
  if (!isAgentHost(runner)) await copyKey(host, runner, id);
  await runner.files.write(`${folder}/known_hosts`, knownHosts.join(''), 0o600);
  await runner.files.write(`${folder}/ssh_config`, makeSshConfig(landing, ciphers), 0o600);
  return folder;
}

/**
 * The same for an account, in any folder where ssh is to run.
 * @throws TidemarkError `AuthRejected` where there are no keys
 */
export async function prepareAccount(
  host: Host,
  runner: Runner,
  landing: Landing,
  folder: string,
): Promise<string> {
  const { credentials: name = '', namespace, isTls } = landing.account ?? {};
  if (isTls) return await prepareTunnel(host, runner, landing, folder);
  const at = { runner, ...(namespace !== undefined && { namespace }) };
  const keys = await host.credentials?.findKey(name, at);
  const ciphers = chooseCiphers((await runner.files.read('/proc/cpuinfo')) ?? '');
  await runner.files.write(`${folder}/ssh_config`, makeSshConfig(landing, ciphers, keys), 0o600);
  return folder;
}

/** A path in the folder of an account, as a client names it; the folder itself as whole. */
export const destinationOf = ({ folder, isTls }: Account, path = ''): string =>
  // Two colons are a module's.
  isTls
    ? `:${folder}/${path}`
    : // Where the account begins, it may be confined to exactly this word.
      folder === '.'
      ? path || '.'
      : `${folder}/${path}`;

async function copyKey(host: Host, runner: Runner, id: Omit<KeyId, 'syncId'>): Promise<void> {
  const key = await host.files.read(`${keyFolder(host.home, id)}/key`);
  // Closed meanwhile: ssh says that the key is missing, as it does on the agent's own host.
  if (key !== undefined) await runner.files.write(`${keyFolder(runner.scratch, id)}/key`, key, 0o600);
}

/** ssh, run in the folder of {@link prepareSsh}; {@link LANDING_ALIAS} comes next. */
export const SSH_ARGV = ['ssh', '-F', './ssh_config'];

/** The same as rsync's `-e`, which rsync splits at spaces. */
export const SSH_COMMAND = SSH_ARGV.join(' ');

/** How rsync gets to a landing, run in the same folder. */
export const connectBy = ({ account }: Landing): string[] =>
  // A daemon's errors would be told there alone.
  account?.isTls ? ['--stderr=client', '-e', TUNNEL_COMMAND] : ['-e', SSH_COMMAND];
