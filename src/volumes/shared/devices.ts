/** Where a device is among others, as the kernel has it: whatever names lead to it, it is there once. */
import type { Runner } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';

/**
 * A fixed script, of one path. Of a device: its place in sysfs, where a partition lies inside of its disk. Of a loop device
 * the file behind it too, and of a file the loop devices in front of it.
 */
const PLACES = [
  'p=$(readlink -m -- "$1")',
  'if [ -b "$p" ]; then',
  'd=$(readlink -f "/sys/dev/block/$((0x$(stat -L -c %t -- "$p"))):$((0x$(stat -L -c %T -- "$p")))")',
  String.raw`printf '%s\0' "$d"; f=$d/loop/backing_file`,
  String.raw`[ ! -e "$f" ] || printf '%s\0' "$(cat "$f")"`,
  'else',
  String.raw`printf '%s\0' "$p"`,
  'for f in /sys/block/loop*/loop/backing_file; do',
  String.raw`[ ! -e "$f" ] || [ "$(cat "$f" 2>/dev/null)" != "$p" ] || printf '%s\0' "$(cd "$(dirname "$f")/.." && pwd -P)"`,
  'done; fi',
].join('\n');

/** What lies there, compared with others as folders are. The first is its own place, by which it is remembered. */
export async function placesOf(runner: Runner, path: string): Promise<string[]> {
  const { stdout } = await runChecked(runner, ['sh', '-c', PLACES, 'sh', path]);
  return stdout.toString().split('\0').slice(0, -1);
}
