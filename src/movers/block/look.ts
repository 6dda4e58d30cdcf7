/** What lies at a path where the data is: an image file or a block device, and how long it is. */
import type { Runner } from '../../hosts/contract';
import { TidemarkError } from '../../model/errors';
import { runChecked } from '../../hosts/run-checked';

interface Something {
  /** Without symlinks. */
  path: string;
  bytes: number;
}

export interface FoundFile extends Something {
  kind: 'file';
  /** As many as its blocks take: fewer than it is long where it has holes. */
  allocatedBytes: number;
  inode: string;
  /** In seconds since the epoch, to the nanosecond. */
  mtime: string;
  ctime: string;
}

export interface FoundDevice extends Something {
  kind: 'device';
  /** `254:0`: by whatever name, it is one device. */
  number: string;
  isReadOnly: boolean;
}

/** Neither is there, or what is there is neither. */
export interface FoundOther {
  kind: 'missing' | 'other';
  path: string;
}

export type Found = FoundFile | FoundDevice;
export type Look = Found | FoundOther;

const SECTOR_BYTES = 512;

/**
 * A fixed script: the path is its argument. Sizes and numbers of devices are the kernel's own, from sysfs, which a
 * container has too.
 */
const LOOK = [
  'p=$1',
  String.raw`printf 'path=%s\n' "$(readlink -m -- "$p")"`,
  'if [ -b "$p" ]; then n=$((0x$(stat -L -c %t -- "$p"))):$((0x$(stat -L -c %T -- "$p")))',
  String.raw`printf 'kind=device\nnumber=%s\nsectors=%s\nro=%s\n' "$n" "$(cat "/sys/dev/block/$n/size")" "$(cat "/sys/dev/block/$n/ro")"`,
  String.raw`elif [ -f "$p" ]; then stat -L --printf='kind=file\nbytes=%s\nblocks=%b\nunit=%B\ninode=%i\nmtime=%.9Y\nctime=%.9Z\n' -- "$p"`,
  'elif [ -e "$p" ]; then echo kind=other',
  'else echo kind=missing; fi',
].join('\n');

/** Looks, and opens nothing. */
export async function look(runner: Runner, path: string): Promise<Look> {
  const { stdout } = await runChecked(runner, ['sh', '-c', LOOK, 'sh', path]);
  return parseLook(stdout.toString());
}

/** Pure. @throws Error for what the script never prints */
export function parseLook(output: string): Look {
  const said = new Map(
    output.split('\n').flatMap((line) => {
      const [, key, value] = /^([a-z]+)=(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value ?? ''] as const];
    }),
  );
  const text = (key: string) => said.get(key) ?? '';
  const number = (key: string) => {
    const value = text(key);
    if (!/^\d+$/.test(value)) throw new Error(`no number is told for ${key}: ${JSON.stringify(value)}`);
    return Number(value);
  };
  const path = text('path');
  switch (text('kind')) {
    case 'file':
      return {
        ...{ kind: 'file', path, bytes: number('bytes'), inode: text('inode') },
        allocatedBytes: number('blocks') * number('unit'),
        ...{ mtime: text('mtime'), ctime: text('ctime') },
      };
    case 'device':
      return {
        ...{ kind: 'device', path, number: text('number') },
        bytes: number('sectors') * SECTOR_BYTES,
        isReadOnly: text('ro') !== '0',
      };
    case 'missing':
      return { kind: 'missing', path };
    default:
      return { kind: 'other', path };
  }
}

/** What is called the thing that is there. */
export const callIt = ({ kind }: Pick<Found, 'kind'>): string =>
  kind === 'device' ? 'the device' : 'the image file';

/** @throws TidemarkError `VolumeMissing` where neither an image file nor a device is there */
export async function lookAtSomething(runner: Runner, path: string): Promise<Found> {
  const found = await look(runner, path);
  if (found.kind === 'file' || found.kind === 'device') return found;
  throw makeMissing(runner, path, found);
}

export function makeMissing(runner: Pick<Runner, 'name'>, path: string, { kind }: FoundOther): TidemarkError {
  const message =
    kind === 'missing'
      ? 'there is no such block device or image file'
      : 'what is there is neither a block device nor an image file';
  return new TidemarkError('VolumeMissing', message, {
    host: runner.name,
    volume: path,
    hint: 'activate or mount what it is on (lvchange -ay, mount), or mend the path in the spec',
  });
}

const SAMPLE_BYTES = 64 * 1024;
const END_BYTES = 1024 * 1024;
const SAMPLES = 64;

/** Prints a line for the first of these stretches that holds anything but zeros. In units of 64 KiB: from, how many. */
const LOOK_FOR_DATA = [
  'p=$1; shift',
  'while [ $# -gt 1 ]; do',
  'n=$(dd if="$p" bs=65536 skip="$1" count="$2" iflag=fullblock status=none | tr -d "\\000" | head -c 1 | wc -c) || exit 1',
  'if [ "$n" -ne 0 ]; then echo data; exit 0; fi',
  'shift 2; done',
].join('\n');

/**
 * Where it is looked for anything but zeros, as offset and length in units of 64 KiB: the first and the last MiB, in which
 * every filesystem, partition table and database keeps its own, and samples all over what is between. Pure.
 */
export function planSamples(bytes: number): [from: number, count: number][] {
  const units = Math.ceil(bytes / SAMPLE_BYTES);
  const end = END_BYTES / SAMPLE_BYTES;
  if (units <= SAMPLES + 2 * end) return [[0, units]];
  const between = units - 2 * end;
  const samples = Array.from({ length: SAMPLES }, (_, index): [number, number] => [
    end + Math.floor((index * between) / SAMPLES),
    1,
  ]);
  return [[0, end], [units - end, end], ...samples];
}

/** All zeros, as far as a few MiB tell. */
export async function isBlank(runner: Runner, found: Found): Promise<boolean> {
  if (found.bytes === 0 || (found.kind === 'file' && found.allocatedBytes === 0)) return true;
  const samples = planSamples(found.bytes).flat().map(String);
  const { stdout } = await runChecked(runner, ['sh', '-c', LOOK_FOR_DATA, 'sh', found.path, ...samples]);
  return stdout.length === 0;
}

/** The kernel's own count of what was written to a device since it started; what programs wrote is there once it is flushed. */
const MARK = [
  'sync -- "$1" || exit 1',
  'read -r _ _ _ _ _ _ written _ _ _ _ _ _ discarded _ < "/sys/dev/block/$2/stat"',
  'read -r boot < /proc/sys/kernel/random/boot_id',
  String.raw`printf '%s %s %s %s' "$boot" "$2" "$written" "$discarded"`,
].join('\n');

/**
 * What is another one once anybody has written to it: of an image file its length and time, of a device its number and what
 * the kernel counts, which no other device has. After a restart of the machine it has another one too.
 */
export async function readMark(runner: Runner, found: Found): Promise<string> {
  if (found.kind === 'file') return `${found.bytes} ${found.mtime}`;
  const { stdout } = await runChecked(runner, ['sh', '-c', MARK, 'sh', found.path, found.number]);
  return stdout.toString();
}
