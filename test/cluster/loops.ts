/** Loop devices, which belong to the real machine: no namespace ends them. */
import { statSync } from 'node:fs';
import { run } from './run';

export interface Loop {
  /** `/dev/loopN` */
  device: string;
  /** The file behind it, as the kernel finds its name now: from `/` of its file system, once that is mounted nowhere. */
  file: string;
  inode: number;
  /** Device number of the file system that holds the file: `major:minor`. */
  fileSystem: string;
}

type Listed = Record<'name' | 'back-file' | 'back-maj:min', string> & { 'back-ino': number };

/** Every loop device in use. @param file only those with this file behind them */
export async function listLoops(file?: string): Promise<Loop[]> {
  const columns = ['--json', '--list', '-O', 'NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN'];
  const text = await run(['losetup', ...columns, ...(file === undefined ? [] : ['-j', file])]);
  const listed = text.trim() ? (JSON.parse(text) as { loopdevices: Listed[] }).loopdevices : [];
  return listed.map((each) => ({
    device: each.name,
    file: each['back-file'],
    inode: Number(each['back-ino']),
    fileSystem: each['back-maj:min'].trim(),
  }));
}

/** The loop devices that have these behind them: the kubelet puts one of its own over each volume of mode Block. */
export function loopsOver(lower: readonly Loop[], all: readonly Loop[]): Loop[] {
  const { dev } = statSync('/dev');
  // Device numbers of file systems that are on no disk have a major number of 0.
  const devices = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
  const inodes = lower.map(({ device }) => statSync(device).ino);
  return all.filter(({ inode, fileSystem }) => fileSystem === devices && inodes.includes(inode));
}

/** Takes one down; where it is still in use, the kernel does so at its last close. */
export async function detachLoop({ device }: Loop): Promise<void> {
  await run(['losetup', '--detach', device]);
}
