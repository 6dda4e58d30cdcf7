/** What tells one device from another that comes to bear its name. */
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';

/**
 * A fixed script: a device by its number. Prints what the kernel itself knows of it, and of the disk that a partition is on:
 * no udev has to run.
 */
const IDENTITY = [
  'd=/sys/dev/block/$1',
  'tell() { for f in dm/uuid md/uuid wwid device/wwid serial device/serial loop/backing_file partition start; do',
  String.raw`[ ! -s "$1/$f" ] || printf '%s%s=%s\n' "$2" "$f" "$(tr -d '\000' < "$1/$f" 2>/dev/null)"; done; }`,
  'tell "$d" ""',
  'if [ -e "$d/partition" ]; then tell "$d/.." disk/; fi',
  'echo "sectors=$(cat "$d/size")"',
].join('\n');

/** Where a partition is, and how long a device is: not enough to tell it by, where there is anything else. */
const WEAK = ['partition', 'start', 'sectors'];

/** A device that grows stays the same one, unless its length is all that is known of it. Pure. */
export function parseIdentity(output: string): string {
  const lines = output.split('\n').filter((line) => /^[^=]+=./.test(line));
  const keyOf = (line: string) => line.slice(0, line.indexOf('='));
  const hasName = lines.some((line) => !WEAK.includes(keyOf(line)));
  return lines.filter((line) => !hasName || keyOf(line) !== 'sectors').join('\n');
}

/** @param number `254:0` */
export async function readIdentity(host: Host, number: string): Promise<string> {
  const { stdout } = await runChecked(host, ['sh', '-c', IDENTITY, 'sh', number]);
  return parseIdentity(stdout.toString());
}
