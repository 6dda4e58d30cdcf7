/** Loop devices, which belong to the real machine: no namespace ends them. */
import { statSync } from 'node:fs';
import { run } from './run';

export interface Loop {
  /** `/dev/loopN` */
  device: string;
  /** The kernel takes it down with its last use, and its name may be another's at once. */
  endsWithUse: boolean;
  /** The file behind it, as the kernel finds its name now: from `/` of its file system, once that is mounted nowhere. */
  file: string;
  inode: number;
  /** Device number of the file system that holds the file: `major:minor`. */
  fileSystem: string;
}

/** One that is just being taken down has no file any more. */
interface Listed {
  name: string;
  autoclear: boolean;
  'back-file': string | null;
  'back-ino': number | null;
  'back-maj:min': string | null;
}

/** Every loop device in use. @param file only those with this file behind them */
export async function listLoops(file?: string): Promise<Loop[]> {
  const columns = ['--json', '--list', '-O', 'NAME,AUTOCLEAR,BACK-FILE,BACK-INO,BACK-MAJ:MIN'];
  const text = await run(['losetup', ...columns, ...(file === undefined ? [] : ['-j', file])]);
  const listed = text.trim() ? (JSON.parse(text) as { loopdevices: Listed[] }).loopdevices : [];
  return listed.map((each) => ({
    device: each.name,
    endsWithUse: each.autoclear,
    file: each['back-file'] ?? '',
    inode: Number(each['back-ino'] ?? 0),
    fileSystem: (each['back-maj:min'] ?? '').trim(),
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

/** Takes one down, which does not end by itself; where it is still in use, the kernel does so at its last close. */
export async function detachLoop({ device, endsWithUse }: Loop): Promise<void> {
  if (endsWithUse) return;
  await run(['losetup', '--detach', device]);
}
