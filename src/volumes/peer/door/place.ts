/** A volume that others push to: a folder of the agent's own host, and the door to it. */
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDoor } from '../../../model/doors';
import { STATE_FOLDER, refuseFolder } from '../../../model/paths';
import type { Claim, Volume } from '../../../model/records';
import { canListen } from '../../../hosts/free-port';
import type { Host } from '../../../hosts/contract';
import { isInside } from '../../../trees/mounts';
import { STATE_FILE } from '../../../trees/own-entries';
import { checkPlace, checkPlaceApart } from '../../directory/guards';
import { findPlace, type Place } from '../../directory/place';
import { checkApart } from '../../shared/apart';
import { makeError } from '../../shared/tools';
import type { DoorNote } from './notes';
import { doorFolder, type Doors, listDoors, saidOf } from './doors';
import { parsePublicKeys } from '../../../landings/door-keys';

/** The folder, as what works on folders is told of it. Of this kind, since strangers write to it: what lies in it says nothing of it. */
export function folderVolume({ kind, path, options }: Volume): Volume {
  const { mustBeMounted } = options ?? {};
  return {
    ...{ kind, path: parseDoor(path)?.folder ?? path },
    ...(mustBeMounted !== undefined && { options: { mustBeMounted } }),
  };
}

type CheckOptions = Parameters<typeof checkPlace>[2];

/** @throws TidemarkError `InvalidSpec` */
function checkFolder(host: Host, volume: Volume, { root, meta }: Place): void {
  const at = { host, volume };
  const objection = refuseFolder(root, 'target');
  if (objection !== undefined)
    throw makeError(at, 'InvalidSpec', objection, {
      hint: 'choose a folder that holds nothing but what is pushed',
    });
  if (isInside(host.home, root) || isInside(root, host.home))
    throw makeError(at, 'InvalidSpec', `${root} and the agent's own state, ${host.home}, lie in each other`, {
      hint: 'choose another folder',
    });
  if (meta !== undefined && dirname(meta) !== root) return;
  throw makeError(
    at,
    'InvalidSpec',
    `nothing can be kept beside ${root}, where whoever pushes does not come`,
    {
      hint: `name a folder in it, or one whose parent is on the same filesystem and can be written to by the agent`,
    },
  );
}

const isSameWay = (one: string, other: string): boolean => {
  const [here, there] = [parseDoor(one), parseDoor(other)];
  return here?.address === there?.address && here?.port === there?.port;
};

/** @throws TidemarkError `Fenced` where others push there too, or read or write what is there by another relationship */
async function checkAlone(host: Host, volume: Volume, place: Place, claim: Claim): Promise<void> {
  const { relationship } = claim;
  const hint = 'choose another folder, or another port; see what uses it: tidemark get';
  const own = doorFolder(host, volume.path);
  for (const other of await listDoors(host)) {
    if (other.door === own && other.relationship === relationship) continue;
    const isNear = isInside(other.folder, place.root) || isInside(place.root, other.folder);
    const isOthers = other.relationship !== relationship && (isNear || isSameWay(other.url, volume.path));
    if (other.door === own || isOthers)
      throw makeError({ host, volume }, 'Fenced', `${other.url} is a door of ${other.relationship}`, {
        hint,
      });
  }
  const stranger = Object.values(place.state?.claims ?? {}).find(
    (each) => each.relationship !== relationship,
  );
  if (stranger)
    throw makeError(
      { host, volume },
      'Fenced',
      `the folder is the ${stranger.role} of ${stranger.relationship}`,
      {
        hint,
      },
    );
  // Others write to it, as to a target.
  await checkApart(place, { relationship, role: 'target' }, { mounts: place.mounts, folders: [place.root] });
}

/** `check` of the volume contract. */
export async function check(
  host: Host,
  volume: Volume,
  claim: Claim,
  options: CheckOptions = {},
): Promise<Place> {
  if (!host.isHere || host.cluster) {
    throw makeError({ host, volume }, 'InvalidSpec', 'whoever pushes comes to an agent on the host itself', {
      hint: `run an agent on ${host.name}`,
    });
  }
  const place = await findPlace(host, folderVolume(volume));
  await checkPlace(place, claim, options);
  checkFolder(host, volume, place);
  if (claim.role === 'source') await checkAlone(host, volume, place, claim);
  await checkPlaceApart(place, claim);
  return place;
}

/** What the agent says of the door. */
export function noteOf(volume: Volume, { root, meta }: Place, relationship: string): DoorNote {
  const claims = join(meta ?? join(root, STATE_FOLDER), STATE_FILE);
  return { relationship, url: volume.path, folder: root, claims, ...saidOf(volume) };
}

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd', '/usr/bin/sshd'];

async function isThere(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map((path) =>
      access(path, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Why the door could not be opened: every reason. Changes nothing. */
export async function findObstacles(doors: Doors, host: Host, volume: Volume): Promise<string[]> {
  if (!host.isHere || host.cluster) return [];
  const { address, port = 0 } = parseDoor(volume.path) ?? {};
  const obstacles: string[] = [];
  if (!(await isThere(SSHD)))
    obstacles.push('there is no sshd for a door; install it: apt-get install openssh-server');
  for (const [program, package_] of [
    ['rsync', 'rsync'],
    ['flock', 'util-linux'],
  ] as const)
    if ((await host.run(['sh', '-c', 'command -v "$1"', 'sh', program])).exitCode !== 0)
      obstacles.push(`there is no ${program} for a door; install it: apt-get install ${package_}`);
  // One of this agent's own makes way where it is of the same relationship, which the check knows.
  if (address !== undefined && !doors.isAt(address, port)) {
    const why = await canListen(address, port);
    if (why !== undefined)
      obstacles.push(
        `nobody can listen on ${address}, port ${port}: ${why}; choose another address of this host, or port`,
      );
  }
  const { credentials } = volume.options ?? {};
  if (credentials === undefined) return obstacles;
  try {
    const { authorizedKeys } = await doors.credentialsOf(credentials);
    parsePublicKeys((await host.files.read(authorizedKeys)) ?? '', authorizedKeys);
  } catch (error) {
    const { message, details } = error as { message: string; details?: { hint?: string } };
    obstacles.push(details?.hint === undefined ? message : `${message}; ${details.hint}`);
  }
  return obstacles;
}
