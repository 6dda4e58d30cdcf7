/** What else uses a device or an image file just now: whatever is mounted, swapped to, or built on it. */
import { runChecked } from '../../hosts/run-checked';
import { decodeName, type Mount, parseMounts } from '../../trees/mounts';
import { runTool } from '../shared/tools';
import type { ReadyPlace } from './place';

/** Of a device and its partitions: each with its number and name, and what holds it. */
const HELD_BY = [
  'd=/sys/dev/block/$1',
  'for p in "$d" "$d"/*; do',
  '[ -e "$p/dev" ] || continue; [ "$p" = "$d" ] || [ -e "$p/partition" ] || continue',
  'name=$(sed -n "s/^DEVNAME=//p" "$p/uevent")',
  'echo "device $(cat "$p/dev") $name"',
  'for h in "$p"/holders/*; do [ ! -e "$h" ] || echo "holder $name ${h##*/}"; done',
  // Its filesystems have numbers of their own, and are listed for as long as they are mounted.
  'for b in /sys/fs/btrfs/*/devices/"$name"; do [ ! -e "$b" ] || echo "btrfs $name"; done',
  'done',
].join('\n');

/** In whatever mount namespace of this machine, each once: a container's mounts are not among the agent's own. */
const MOUNTED = [
  String.raw`find /proc/[0-9]*/ns/mnt -maxdepth 0 -printf '%l %h\n' 2>/dev/null | sort -u -k1,1 |`,
  'while read -r _ ns; do cat "${ns%/ns}/mountinfo" 2>/dev/null; done; true',
].join(' ');

/** Loop devices in front of a file. */
const ATTACHED_TO = [
  'for f in /sys/block/loop*/loop/backing_file; do',
  '[ ! -e "$f" ] || [ "$(cat "$f" 2>/dev/null)" != "$1" ] || { f=${f#/sys/block/}; echo "${f%%/*}"; }',
  'done',
].join('\n');

export interface Uses {
  /** Each as a clause: `mounted on /mnt`, `part of dm-0`. */
  all: string[];
  /** Those by which it may be written to. */
  writing: string[];
}

interface Held {
  /** By number: `/dev/sdb1`. */
  devices: ReadonlyMap<string, string>;
  holders: { name: string; holder: string }[];
  btrfs: string[];
}

function parseHeld(output: string): Held {
  const lines = output.split('\n').map((line) => line.split(' '));
  const of = (word: string) => lines.filter(([first]) => first === word);
  return {
    devices: new Map(of('device').map(([, number = '', name = '']) => [number, `/dev/${name}`])),
    holders: of('holder').map(([, name = '', holder = '']) => ({ name: `/dev/${name}`, holder })),
    btrfs: of('btrfs').map(([, name = '']) => `/dev/${name}`),
  };
}

/** Names of what is swapped to, as `/proc/swaps` has them: encoded as those of mounts are. */
const parseSwaps = (text: string) =>
  text
    .split('\n')
    .slice(1)
    .map((line) => decodeName(line.split(/\s/)[0] ?? ''));

/** Pure. @param own how the device itself is called, which need not be said */
export function describeUses(
  { devices, holders, btrfs }: Held,
  mounts: readonly Mount[],
  swaps: readonly string[],
  own: string,
): Uses {
  const by = (name: string) => (name === own ? '' : ` (by ${name})`);
  const mounted = mounts.flatMap(({ device, point, readOnly }) => {
    const name = devices.get(device);
    return name === undefined ? [] : [{ text: `mounted on ${point}${by(name)}`, readOnly }];
  });
  const names = new Set(devices.values());
  const others = [
    ...btrfs.map((name) => `part of a btrfs filesystem that is mounted${by(name)}`),
    ...holders.map(({ name, holder }) => `part of ${holder}${by(name)}`),
    ...swaps.filter((name) => names.has(name)).map((name) => `swap${by(name)}`),
  ];
  return {
    all: [...new Set([...mounted.map(({ text }) => text), ...others])],
    writing: [
      ...new Set([...mounted.filter(({ readOnly }) => !readOnly).map(({ text }) => text), ...others]),
    ],
  };
}

/** Looks, and opens nothing. */
export async function findUses(place: ReadyPlace): Promise<Uses> {
  const { host, found, root } = place;
  const ask = async (script: string, argument: string) =>
    (await runTool(place, ['sh', '-c', script, 'sh', argument])).stdout.toString();
  const swaps = parseSwaps((await host.files.read('/proc/swaps')) ?? '');
  if (found.kind === 'file') {
    const loops = (await ask(ATTACHED_TO, root)).split('\n').filter((name) => name !== '');
    const all = [
      ...loops.map((name) => `attached to /dev/${name}`),
      ...(swaps.includes(root) ? ['swap'] : []),
    ];
    return { all, writing: all };
  }
  const [held, mounts] = await Promise.all([ask(HELD_BY, found.number), ask(MOUNTED, '')]);
  return describeUses(parseHeld(held), parseMounts(mounts), swaps, root);
}

/**
 * What a pool has put on a device that is a member of it, though it may not be in use just now.
 * @returns as blkid calls it: `LVM2_member`, `zfs_member`, `linux_raid_member`
 */
export async function findMembership({ host, root }: ReadyPlace): Promise<string | undefined> {
  const argv = ['blkid', '-p', '-o', 'export', '--', root];
  const result = await host.run(argv);
  // With 2 it says that there is nothing, with 8 that there are several things at once.
  if (result.exitCode === 2 || result.exitCode === 8) return undefined;
  const { stdout } = result.exitCode === 0 ? result : await runChecked(host, argv);
  const said = stdout.toString();
  if (!/^USAGE=raid$/m.test(said)) return undefined;
  return /^TYPE=(.+)$/m.exec(said)?.[1] ?? 'a pool';
}
