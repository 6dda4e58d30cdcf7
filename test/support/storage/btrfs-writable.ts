/** Subvolumes as tools before btrfs-progs 5.14 left them, and whoever calls the kernel directly. */
import { tmpdir } from 'node:os';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';

const host = makeLocalHost({ name: 'by-hand', home: tmpdir() });

/** BTRFS_IOC_SUBVOL_SETFLAGS, with no flag but read-only. */
const SET_FLAGS =
  'open(my $d, "<", $ARGV[0]) or die; my $b = pack("Q<", $ARGV[1]); ioctl($d, 0x4008941A, $b) or die "$!"';

/** Makes a subvolume read-only or writable; what was received keeps its Received UUID. */
export async function setReadOnlyByKernel(path: string, value: boolean): Promise<void> {
  await runChecked(host, ['perl', '-e', SET_FLAGS, path, value ? '2' : '0']);
}
