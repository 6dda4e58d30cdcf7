/** How much room a filesystem has. */
import { dirname } from 'node:path';
import type { Runner } from '../../hosts/contract';
import type { Room } from '../../model/room';

/** The filesystem's of where a path is or will be: what is free is free for everybody. */
export async function readRoomAt(host: Pick<Runner, 'files'>, path: string): Promise<Room> {
  let at = path;
  while ((await host.files.stat(at)) === undefined && at !== '/') at = dirname(at);
  return await host.files.room(at);
}
