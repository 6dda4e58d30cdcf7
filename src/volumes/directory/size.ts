import type { Host } from '../../hosts/contract';
import { makeRecordReader } from '../../hosts/record-reader';
import { STATE_FOLDER } from '../../model/paths';
import type { Volume } from '../../model/records';
import { takeFingerprint } from '../../trees/fingerprint';
import { pruneNames } from '../../trees/own-entries';
import type { DiskUse, VolumeSize } from '../contract';
import { runTool } from '../shared/tools';

/** Blocks, links, type, inode. No path: of 300,000 files this is 6 MB. */
const FORMAT = String.raw`%b %n %y %i\n`;
const BLOCK_BYTES = 512;

const isThere = async (host: Host, path: string) =>
  (await host.files.stat(`${path}/.`).catch(() => undefined))?.type === 'directory';

/** `size` of the volume contract. */
export async function size(host: Host, { path }: Volume): Promise<VolumeSize> {
  if (!(await isThere(host, path))) return { fileBytes: 0, entries: 0 };
  const { fileBytes, entries } = await takeFingerprint(host, path);
  return { fileBytes, entries };
}

/** `diskUse` of the volume contract, within its filesystem: one walk. What Tidemark keeps inside does not count. */
export async function diskUse(host: Host, volume: Volume): Promise<DiskUse> {
  const { path } = volume;
  const use = { diskBytes: 0, hasHardLinks: false };
  if (!(await isThere(host, path))) return use;
  const linked = new Set<string>();
  const { push } = makeRecordReader((record) => {
    const [blocks, links, type = '', inode = ''] = record.split(' ');
    if (type !== 'd' && Number(links) > 1) {
      use.hasHardLinks ||= type === 'f';
      if (linked.has(inode)) return;
      linked.add(inode);
    }
    use.diskBytes += Number(blocks) * BLOCK_BYTES;
  }, '\n');
  const find = ['find', '.', '-xdev', ...pruneNames([STATE_FOLDER]), '-printf', FORMAT];
  // Files that vanish meanwhile make find end with 1, with the rest already printed. What was cut off tells of no links.
  await runTool({ host, volume }, find, { cwd: path, onStdout: push, maxOutputBytes: 64 * 1024 }, [1]);
  return use;
}
