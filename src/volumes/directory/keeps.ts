/** Finds out what a filesystem, and the user of the agent, can keep of a file: by trying. */
import { dirname, join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { type AttributeSpace, type Keeps, timeStepOf } from '../../model/keeps';
import type { Volume } from '../../model/records';
import { findMount } from '../../trees/mounts';
import { findPlace, type Place } from './place';

/** An odd second, and no nanosecond like another. */
const TIME = '@981173107.123456789';

/** The attribute to try each space with. A capability is checked by the kernel: this is `cap_net_raw+ep`. */
const TRIALS: Record<Exclude<AttributeSpace, 'acl'>, string[]> = {
  user: ['-n', 'user.tidemark', '-v', 'x'],
  trusted: ['-n', 'trusted.tidemark', '-v', 'x'],
  security: ['-n', 'security.capability', '-v', '0x0100000200200000000000000000000000000000'],
};

/** Syncs come often, and filesystems are rarely changed for others. */
const KNOWN_FOR_MS = 300_000;

const known = new Map<string, { at: number; keeps: Promise<Keeps | undefined> }>();

/** `keeps` of the volume contract. */
export async function keeps(host: Host, volume: Volume): Promise<Keeps | undefined> {
  const place = await findPlace(host, volume);
  const key = `${host.name} ${host.home} ${place.mount.point} ${place.mount.root} ${place.mount.type}`;
  const before = known.get(key);
  const isFresh = before && performance.now() - before.at < KNOWN_FOR_MS;
  const asked = isFresh ? before : { at: performance.now(), keeps: tryKeeping(place) };
  known.set(key, asked);
  try {
    const found = await asked.keeps;
    // Nothing could be written there yet: it may be possible the next time.
    if (!found) known.delete(key);
    return found;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

async function tryKeeping(place: Place): Promise<Keeps | undefined> {
  const { host } = place;
  const probe = await makeProbe(place);
  if (probe === undefined) return undefined;
  const file = join(probe, 'file');
  try {
    const [uid, gids] = await Promise.all([numbersOf(host, '-u'), numbersOf(host, '-G')]);
    if ((await host.run(['touch', '-d', TIME, '--', file])).exitCode !== 0) return undefined;
    const { stdout } = await host.run(['stat', '-c', '%.9Y', '--', file]);
    const lacks: AttributeSpace[] = [];
    for (const [space, attribute] of Object.entries(TRIALS)) {
      if (!(await works(host, ['setfattr', ...attribute, '--', file]))) lacks.push(space as AttributeSpace);
    }
    if (!(await works(host, ['setfacl', '-m', 'u:1:r', '--', file]))) lacks.push('acl');
    return { uid: uid[0] ?? 0, gids, lacks, timeStepNs: timeStepOf(stdout.toString().trim()) };
  } finally {
    await host.files.remove(probe);
  }
}

/** A folder of our own on the volume's filesystem: beside the replica where that is possible, whose time it would change. */
async function makeProbe({ host, meta, root, exists, mount, mounts }: Place): Promise<string | undefined> {
  const folders = [meta, meta && dirname(meta), dirname(root), ...(exists ? [root] : []), mount.point];
  for (const folder of folders) {
    if (folder === undefined || findMount(mounts, folder).point !== mount.point) continue;
    const made = await host.run(['mktemp', '-d', '-p', folder, '.tidemark-probe.XXXXXXXX']);
    if (made.exitCode === 0) return made.stdout.toString().trimEnd();
  }
  return undefined;
}

async function numbersOf(host: Host, option: string): Promise<number[]> {
  const { stdout } = await host.run(['id', option]);
  return stdout.toString().trim().split(/\s+/).map(Number);
}

/** Where the tool to try with is missing, rsync will say what it can't do. */
async function works(host: Host, argv: string[]): Promise<boolean> {
  try {
    return (await host.run(argv)).exitCode === 0;
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'ToolMissing') return true;
    throw error;
  }
}
