/**
 * The rclone mover of VolSync, acted by plain rclone, getfacl and setfacl as its own does: with the volume as `data`, from the
 * folder that it lies in.
 */
import { execFile, execFileSync } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface VolSyncMover {
  /** The volume: a folder by the name of `data`. */
  volume: string;
  /** Of the bucket. */
  remote: string;
  /** As `rclone.conf` has it. */
  config: string;
}

const FLAGS = ['--checksum', '--one-file-system', '--create-empty-src-dirs', '--transfers=10'];
const EXCLUDED = '--exclude=lost+found/**';

async function rclone({ volume, config }: VolSyncMover, ...args: string[]): Promise<void> {
  const path = join(volume, '..', 'rclone.conf');
  await writeFile(path, config, { mode: 0o600 });
  await promisify(execFile)('rclone', [`--config=${path}`, ...args], { env: process.env });
}

const privateFolder = ({ volume }: VolSyncMover) => join(volume, '..', 'private');

/** The part of a source that changes files. It takes away `permissions.facl`, in the end. */
export async function syncFiles(mover: VolSyncMover): Promise<void> {
  const { volume, remote } = mover;
  await mkdir(privateFolder(mover), { recursive: true });
  const facl = execFileSync('getfacl', ['-R', 'data'], { cwd: join(volume, '..'), maxBuffer: 2 ** 26 });
  await writeFile(join(privateFolder(mover), 'permissions.facl'), facl);
  await rclone(mover, 'sync', ...FLAGS, EXCLUDED, volume, remote);
}

/** The part that ends it. */
export async function endSync(mover: VolSyncMover): Promise<void> {
  await rclone(mover, 'copy', ...FLAGS, '--include=permissions.facl', privateFolder(mover), mover.remote);
}

/** A ReplicationSource: writes its volume to the bucket. */
export async function runSource(mover: VolSyncMover): Promise<void> {
  await syncFiles(mover);
  await endSync(mover);
}

/** A ReplicationDestination: brings the bucket into its volume. @throws where there is no `permissions.facl` */
export async function runDestination(mover: VolSyncMover): Promise<void> {
  const { volume, remote } = mover;
  await mkdir(volume, { recursive: true });
  await rm(privateFolder(mover), { recursive: true, force: true });
  await mkdir(privateFolder(mover));
  await rclone(mover, 'copy', ...FLAGS, '--include=permissions.facl', remote, privateFolder(mover));
  const facl = join(privateFolder(mover), 'permissions.facl');
  await access(facl);
  await rclone(mover, 'sync', ...FLAGS, EXCLUDED, remote, volume);
  await rm(join(volume, 'permissions.facl'), { force: true });
  execFileSync('setfacl', [`--restore=${facl}`], { cwd: join(volume, '..'), stdio: 'ignore' });
}
