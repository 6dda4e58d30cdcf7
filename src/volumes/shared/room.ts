/** How much room a filesystem has. */
import { dirname } from 'node:path';
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import type { Room } from '../../model/room';

/** The filesystem's of a folder: what is free is free for everybody. @throws TidemarkError `ToolFailed` */
export async function readRoom(host: Pick<Host, 'name' | 'run'>, folder: string): Promise<Room> {
  const { stdout } = await runChecked(host, ['stat', '-f', '-c', '%a %S %d %c', '--', `${folder}/.`]);
  const [blocks = 0, size = 0, free = 0, total = 0] = stdout.toString().trim().split(' ').map(Number);
  return { freeBytes: blocks * size, ...(total > 0 && { inodes: { free, total } }) };
}

/** The same where a path is or will be. */
export async function readRoomAt(host: Host, path: string): Promise<Room> {
  let at = path;
  while ((await host.files.stat(at)) === undefined && at !== '/') at = dirname(at);
  return readRoom(host, at);
}
