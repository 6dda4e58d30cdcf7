/** The source's half of the handshake: a key, and the commands that rsync will run at the target. */
import { rsyncOptions } from '../../model/movers';
import type { Host, Runner } from '../../hosts/contract';
import { LANDING_ALIAS, makeKey } from '../../landings/ssh-client';
import type { MoverSpec } from '../../model/spec';
import type { Mover, Offer } from '../contract';
import { chooseCompression, readLinks } from './compression';
import { type LandingMode, makeClientOptions, PLACEHOLDER_PATH } from './options';
import { parseServerCommand } from './server-command';

/** Has rsync say what it would run, with a remote shell that ends at once. */
export async function askServerCommand(
  runner: Runner,
  mover: MoverSpec,
  mode: LandingMode,
  resolved: Record<string, string>,
): Promise<string[]> {
  const options = makeClientOptions(mover, mode, resolved);
  const argv = ['rsync', ...options, '--debug=CMD', '-e', 'false', '--', `${runner.scratch}/`];
  const { stdout, stderr } = await runner.run([...argv, `${LANDING_ALIAS}:${PLACEHOLDER_PATH}`]);
  return parseServerCommand(`${stdout.toString()}\n${stderr}`);
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
    askServerCommand(reach.runner, mover, 'inPlace', resolved),
    askServerCommand(reach.runner, mover, 'delayed', resolved),
  ]);
  return { publicKey, serverCommands: { inPlace, delayed }, resolved };
}

/** The same for comparing: both commands only read. */
export async function makeVerifyOffer(
  host: Host,
  { id, reach, mover, quick, isItem = false }: Parameters<Mover['offerVerify']>[1],
): Promise<Offer> {
  const resolved = { mode: 'verify', ...(quick && { compare: 'quick' }), ...(isItem && ONE_ITEM) };
  const [publicKey, command] = await Promise.all([
    makeKey(host, id, ''),
    askServerCommand(reach.runner, mover, 'verify', resolved),
  ]);
  return { publicKey, serverCommands: { inPlace: command, delayed: command }, resolved };
}
