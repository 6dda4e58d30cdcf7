/** The source's half of the handshake: a key, and the commands that rsync will run at the target. */
import { homedir } from 'node:os';
import { rsyncOptions } from '../../model/movers';
import type { Host, Runner } from '../../hosts/contract';
import { LANDING_ALIAS, makeKey } from '../../landings/ssh-client';
import type { MoverSpec } from '../../model/spec';
import type { Mover, Offer } from '../contract';
import { chooseCompression, readLinks } from './compression';
import { type LandingMode, makeClientOptions, PLACEHOLDER_PATH } from './options';
import { parseServerCommand } from './server-command';
import type { RsyncOffer } from './told';

/** What else may change what rsync makes of its options: aliases. */
const ALIAS_FILES = ['/etc/popt', '/etc/popt.d', `${homedir()}/.popt`];

const MOST_KNOWN = 1000;

/** By rsync and its options: what it would run at the other end, which hangs on nothing else. */
const known = new Map<string, Promise<string[]>>();

/** As {@link askServer}, but for the same rsync only once, where that can be told. */
export async function findServerCommand(runner: Runner, options: readonly string[]): Promise<string[]> {
  const identity = await runner.files.identifyProgram?.('rsync', ALIAS_FILES);
  if (identity === undefined) return askServer(runner, options);
  const key = JSON.stringify([identity, runner.scratch, options]);
  const found = known.get(key);
  if (found) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const answer = askServer(runner, options);
  known.set(key, answer);
  answer.catch(() => known.delete(key));
  return answer;
}

/** Has rsync say what it would run, with a remote shell that ends at once. */
async function askServer(runner: Runner, options: readonly string[]): Promise<string[]> {
  const argv = ['rsync', ...options, '--debug=CMD', '-e', 'false', '--', `${runner.scratch}/`];
  const { stdout, stderr } = await runner.run([...argv, `${LANDING_ALIAS}:${PLACEHOLDER_PATH}`]);
  return parseServerCommand(`${stdout.toString()}\n${stderr}`);
}

/** What rsync would run to carry a tree. */
export async function askServerCommand(
  runner: Runner,
  mover: MoverSpec,
  mode: LandingMode,
  resolved: Record<string, string>,
): Promise<string[]> {
  return await askServer(runner, makeClientOptions(mover, mode, resolved));
}

/** Of one file or folder alone; named by its whole path, so that what is called like Tidemark's own goes too. */
export const ONE_ITEM = { relative: 'yes', whole: 'yes' };

/** Makes the key pair and asks for the commands, for writing. */
export async function makeOffer(
  host: Host,
  { id, reach, targetHost, mover, isItem = false }: Parameters<Mover['offer']>[1],
): Promise<Offer> {
  const link = (await readLinks(host))[targetHost];
  const resolved = {
    compress: chooseCompression(rsyncOptions(mover), link, new Date()),
    ...(isItem && ONE_ITEM),
  };
  const [publicKey, inPlace, delayed] = await Promise.all([
    makeKey(host, id, targetHost),
    findServerCommand(reach.runner, makeClientOptions(mover, 'inPlace', resolved)),
    findServerCommand(reach.runner, makeClientOptions(mover, 'delayed', resolved)),
  ]);
  const told: RsyncOffer = { serverCommands: { inPlace, delayed }, resolved };
  return { publicKey, told };
}

/** The same for comparing: both commands only read. */
export async function makeVerifyOffer(
  host: Host,
  { id, reach, mover, quick, isItem = false }: Parameters<Mover['offerVerify']>[1],
): Promise<Offer> {
  const resolved = { ...(quick && { compare: 'quick' }), ...(isItem && ONE_ITEM) };
  const [publicKey, command] = await Promise.all([
    makeKey(host, id, ''),
    findServerCommand(reach.runner, makeClientOptions(mover, 'verify', resolved)),
  ]);
  const told: RsyncOffer = { serverCommands: { verify: command }, resolved };
  return { publicKey, told };
}
