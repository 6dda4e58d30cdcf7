/** Whether what is read fits where it is to be written, told before the first byte. Pure, but for asking for a version. */
import type { Runner } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import { TidemarkError } from '../../model/errors';
import { formatBytes } from '../../model/units';
import type { Kind } from './options';

/** Where nobody rounds: `10 MiB (10485760 bytes)`. */
const tell = (bytes: number) => `${formatBytes(bytes)} (${bytes} bytes)`;

/** @throws TidemarkError `InvalidSpec` for a device that is shorter than what is to be written to it */
export function checkFits(
  sourceBytes: number,
  target: { kind: Kind; bytes: number },
  where: { host?: string; volume?: string },
): void {
  if (target.kind === 'file' || sourceBytes <= target.bytes) return;
  const message = `the target device is too small: it holds ${tell(target.bytes)}, and the source is ${tell(sourceBytes)} long`;
  const hint =
    'make it as long as the source (lvextend -L), or name another device; nothing was written to it';
  throw new TidemarkError('InvalidSpec', message, { ...where, hint });
}

/** `--copy-devices` came with it, and what made `--write-devices` fit for a device that is longer than its source. */
const LEAST_VERSION = [3, 2, 4] as const;

/** The version that `rsync --version` tells, as `[3, 2, 7]`. Pure. */
export function parseVersion(output: string): number[] {
  return (/^rsync +version v?(\d+)\.(\d+)\.(\d+)/m.exec(output) ?? []).slice(1).map(Number);
}

/** Pure. */
export function knowsDevices(version: readonly number[]): boolean {
  const differs = LEAST_VERSION.findIndex((part, index) => (version[index] ?? 0) !== part);
  return differs < 0 || (version[differs] ?? 0) > (LEAST_VERSION[differs] ?? 0);
}

/** @throws TidemarkError `ToolMissing` where rsync there can't work on devices */
export async function checkKnowsDevices(runner: Runner, volume: string): Promise<void> {
  const { stdout } = await runChecked(runner, ['rsync', '--version']);
  const version = parseVersion(stdout.toString());
  if (knowsDevices(version)) return;
  const needed = LEAST_VERSION.join('.');
  const found = version.length > 0 ? version.join('.') : 'unknown';
  const message = `rsync there (${found}) can't copy devices: --copy-devices and a sound --write-devices came with ${needed}`;
  const hint = `install rsync ${needed} or newer on ${runner.name}; image files are carried by older ones too`;
  throw new TidemarkError('ToolMissing', message, { host: runner.name, volume, hint });
}
