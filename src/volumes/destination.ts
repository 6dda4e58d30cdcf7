/** Where a restore may write: a folder that belongs to nobody, by whatever path it is named. */
import { dirname } from 'node:path';
import type { Host } from '../hosts/contract';
import type { OtherVolume } from '../model/overlaps';
import { refuseFolder, STATE_FOLDER, SYSTEM_FOLDERS } from '../model/paths';
import { findStoredAbove, findStoredInside } from './directory/stored';
import { listClaimed, sharedHomes } from './shared/memory';
import { locate, type Mount, readMounts, relateFolders } from '../trees/mounts';
import { makeError, type Subject } from './shared/tools';

const HOW = { same: 'is', inside: 'lies inside', contains: 'holds' } as const;

/** Also behind a bind mount of what belongs to the system. */
function refuseSystem(mounts: readonly Mount[], root: string): string | undefined {
  const [named] = SYSTEM_FOLDERS.filter((folder) => {
    const how = relateFolders(mounts, root, folder)?.how;
    return how === 'same' || how === 'inside';
  });
  if (named !== undefined) return `${root} shows ${named}, which belongs to the operating system`;
  if (relateFolders(mounts, root, '/')?.how === 'same') return `${root} shows the root folder`;
  if (locate(mounts, root).path.split('/').includes(STATE_FOLDER))
    return `${root} shows a ${STATE_FOLDER} folder, which is Tidemark's own`;
  return undefined;
}

function refuseHome(host: Host, mounts: readonly Mount[], root: string): string | undefined {
  const shared = sharedHomes(host);
  const how =
    relateFolders(mounts, root, host.home)?.how ??
    (shared === undefined ? undefined : relateFolders(mounts, root, shared)?.how);
  return how && `${root} ${HOW[how]} an agent's own state, ${shared ?? host.home}`;
}

/** `/srv/a lies inside /srv, the target of wiki`; a volume that is named by its own path is not told twice. */
function tellOwner(root: string, how: keyof typeof HOW, { path, role, relationship }: OtherVolume): string {
  const named = path === root ? '' : `${path}, `;
  return `${root} ${HOW[how]} ${named}the ${role} of ${relationship}`;
}

/** What claims a folder, or something in or around it; undefined where nobody does. */
async function findOwner(
  subject: Subject,
  mounts: readonly Mount[],
  root: string,
): Promise<string | undefined> {
  for (const claimed of await listClaimed(subject.host, mounts, true)) {
    for (const folder of claimed.folders) {
      const how = relateFolders(mounts, root, folder)?.how;
      if (how) return tellOwner(root, how, claimed);
    }
  }
  const above = await findStoredAbove(subject, mounts, root);
  const exists = (await subject.host.files.stat(root)) !== undefined;
  const [found] = [...above, ...(exists ? await findStoredInside(subject, root) : [])];
  return found && tellOwner(root, found.how, found);
}

/**
 * The destination of a restore without symlinks. Changes nothing.
 * @throws TidemarkError `InvalidSpec` for a folder of the system or of an agent, or where there is no folder but
 * something else; `Fenced` for one that is, holds or lies in a volume of any relationship.
 */
export async function checkDestination(host: Host, path: string): Promise<string> {
  const subject: Subject = { host, volume: { kind: 'directory', path } };
  const root = await host.files.resolve(path);
  const mounts = await readMounts(host);
  const reason =
    refuseFolder(path, 'target') ??
    refuseFolder(root, 'target') ??
    refuseSystem(mounts, root) ??
    refuseHome(host, mounts, root);
  if (reason !== undefined)
    throw makeError(subject, 'InvalidSpec', reason, {
      hint: 'name a folder that holds nothing but this data',
    });
  for (let at = root; at !== '/'; at = dirname(at)) {
    const found = await host.files.stat(at);
    if (found !== undefined && found.type !== 'directory') {
      const hint = 'name a directory, or a path where there is nothing';
      throw makeError(subject, 'InvalidSpec', `${at} is not a directory`, { hint });
    }
  }
  const owner = await findOwner(subject, mounts, root);
  if (owner === undefined) return root;
  const hint =
    'restore into a folder apart from every volume, and copy from there; to put a relationship itself back: tidemark failover --point';
  throw makeError(subject, 'Fenced', owner, { hint });
}
